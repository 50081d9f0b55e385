import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textsOfFile } from '../../../../src/sources/recorded/file-input.ts';
import type { LinesEnd } from '../../../../src/sources/recorded/recording-input.ts';

let folder: string;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-test-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

async function read(bytes: Uint8Array): Promise<{ lines: string[]; end: LinesEnd }> {
  const file = path.join(folder, 'lines.gz');
  fs.writeFileSync(file, bytes);
  const end: LinesEnd = { error: undefined };
  const lines: string[] = [];
  for await (const line of textsOfFile(file, end)) lines.push(line);
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

  it('a file that is damaged has its lines up to there, each once', async () => {
    const lines = Array.from({ length: 2000 }, (_, index) => createHash('sha256').update(`${index}`).digest('hex'));
    const packed = gzipSync(`${lines.join('\n')}\n`);
    for (const part of [0.5, 0.9]) {
      const damaged = Buffer.from(packed);
      damaged.fill(0xff, Math.floor(packed.length * part), Math.floor(packed.length * part) + 64);
      const { lines: back, end } = await read(damaged);
      expect(end.error).toBeInstanceOf(Error);
      // What follows may be unpacked to anything, until a checksum fails.
      const intact = Math.floor(lines.length * part * 0.9);
      expect(back.slice(0, intact)).toEqual(lines.slice(0, intact));
    }
  });

  it('bytes behind the end take nothing away', async () => {
    const packed = gzipSync(`${Array.from({ length: 500 }, (_, index) => index).join('\n')}\n`);
    const { lines, end } = await read(Buffer.concat([packed, Buffer.from('garbage')]));
    expect(lines.length).toBeGreaterThan(400);
    expect(lines).toEqual(lines.map((_, index) => String(index)));
    expect(end.error).toBeInstanceOf(Error);
  });

  it('a file that is not gzip is reported in end', async () => {
    const { lines, end } = await read(Buffer.from('a\nb\n'));
    expect(lines).toEqual([]);
    expect(end.error).toBeInstanceOf(Error);
  });
});
