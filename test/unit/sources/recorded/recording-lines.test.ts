import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FileEnd, textsOfFile } from '../../../../src/sources/recorded/recording-lines.ts';

let folder: string;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-test-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

async function read(bytes: Uint8Array): Promise<{ lines: string[]; end: FileEnd }> {
  const file = path.join(folder, 'lines.gz');
  fs.writeFileSync(file, bytes);
  const end: FileEnd = { error: undefined };
  const lines: string[] = [];
  for await (const line of textsOfFile(fs.openSync(file, 'r'), end)) lines.push(line);
  return { lines, end };
}

/** Characters of two and four bytes, so that lines end at any position of the unpacked pieces. */
const PATTERN = 'ä𝄞x';
const MEBIBYTE = 1024 * 1024;

describe('textsOfFile', () => {
  it.each([
    ['short and empty ones', ['a', '', 'ä𝄞', '']],
    ['many that fill several buffers', Array.from({ length: 30_000 }, (_, index) => `${index} ${PATTERN.repeat(100)}`)],
    ['one that is longer than any buffer', ['a', PATTERN.repeat((20 * MEBIBYTE) / 7), 'b']],
  ])('lines: %s', async (_, lines) => {
    const { lines: back, end } = await read(gzipSync(`${lines.join('\n')}\n`));
    expect(end.error).toBeUndefined();
    expect(back.length).toBe(lines.length);
    // Not toEqual: printing a difference of megabytes would take minutes.
    expect(back.findIndex((line, index) => line !== lines[index])).toBe(-1);
  });

  it('a partial line at the end is left out', async () => {
    expect(await read(gzipSync('a\nb\nhalf'))).toEqual({ lines: ['a', 'b'], end: { error: undefined } });
  });

  it('a file that is not gzip is reported in end', async () => {
    const { lines, end } = await read(Buffer.from('a\nb\n'));
    expect(lines).toEqual([]);
    expect(end.error).toBeInstanceOf(Error);
  });
});
