import fs from 'node:fs';
import { fileInput } from '../recorded/file-input.ts';
import { RecordingFile } from '../recorder/recording-file.ts';

/** How lines begin: none is parsed. */
const HEADER = '{"type":"socklens-recording"';
const END = '{"type":"end"';
const TICK = /^\{"type":"tick","at":(\d+)/;

/** A reader drops what it knows of namespaces that are gone: what follows says all of each one anew. */
const NO_NAMESPACES = '{"type":"spaces","spaces":[],"containers":[]}';

/** Lines that are packed at once. */
const BATCH = 200;

/**
 * Makes one recording of several that follow one another, each of which begins with all of its sockets.
 *
 * @param files recordings in the order of time; one that ends early is read up to there
 * @param untilMs the first tick after it and what follows are left out, milliseconds since the epoch
 * @returns times of its first and last tick; undefined without any, and then there is no file
 * @throws {Failure} `usage` when the file cannot be created, `io` when it cannot be written
 */
export async function joinRecordings(
  files: readonly string[],
  output: string,
  untilMs: number,
): Promise<{ fromMs: number; toMs: number } | undefined> {
  const joined = RecordingFile.create(output);
  let times: { fromMs: number; toMs: number } | undefined;
  let isFirst = true;
  let waiting = 0;
  for (const file of files) {
    for await (const line of fileInput(file).texts({ error: undefined })) {
      if (line.startsWith(END)) break;
      if (line.startsWith(HEADER)) {
        joined.addText(isFirst ? line : NO_NAMESPACES);
        isFirst = false;
        continue;
      }
      const atMs = Number(TICK.exec(line)?.[1]);
      if (atMs > untilMs) break;
      if (!Number.isNaN(atMs)) times = { fromMs: times?.fromMs ?? atMs, toMs: atMs };
      joined.addText(line);
      if (++waiting % BATCH === 0) await joined.flush();
    }
  }
  joined.addText(`${END}}`);
  await joined.close();
  if (times === undefined) fs.rmSync(output);
  return times;
}
