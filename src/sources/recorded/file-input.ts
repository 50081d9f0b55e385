import fs from 'node:fs';
import { errnoOf } from '../../base/errno.ts';
import { Failure } from '../../model/failure.ts';
import type { LinesEnd, RecordingInput } from './recording-input.ts';
import { linesIn } from './recording-lines.ts';

/** A recording in a file of this machine. */
export function fileInput(path: string): RecordingInput {
  return { name: path, texts: (end) => textsOfFile(path, end) };
}

/** Bytes of the file read at a time. */
const PIECE_BYTES = 64 * 1024;
/** And of one that is damaged. */
const SMALL_PIECE_BYTES = 256;
/**
 * Size of the buffer for unpacked bytes, which arrive in pieces, one behind the other in the same memory; only the used
 * part is touched. A first snapshot of 100,000 sockets fits.
 */
const UNPACKED_BYTES = 8 * 1024 * 1024;

/**
 * As {@link RecordingInput.texts}, of a gzip file. Where it is damaged, what was unpacked of the same piece is lost with
 * the error: the file is then read again in small pieces.
 */
export async function* textsOfFile(path: string, end: LinesEnd): AsyncGenerator<string> {
  const fd = openRecordingFile(path);
  const isFile = fs.fstatSync(fd).isFile();
  let given = 0;
  for await (const text of textsIn(fd, PIECE_BYTES, end)) {
    given++;
    yield text;
  }
  const { error } = end;
  // Of a pipe, nothing can be read twice.
  if (error === undefined || !isFile) return;
  let at = 0;
  for await (const text of textsIn(openRecordingFile(path), SMALL_PIECE_BYTES, end)) {
    if (++at > given) yield text;
  }
  end.error ??= error;
}

/** The lines of a gzip file, read in pieces of so many bytes. Closes the file. */
async function* textsIn(fd: number, pieceBytes: number, end: LinesEnd): AsyncGenerator<string> {
  const { constants, createGunzip } = process.getBuiltinModule('node:zlib');
  const file = fs.createReadStream('', { fd, highWaterMark: pieceBytes });
  // Flushed data can be unpacked also where the end of the file is missing.
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: UNPACKED_BYTES });
  file.once('error', (error) => gunzip.destroy(error));
  try {
    yield* linesIn(file.pipe(gunzip) as AsyncIterable<Uint8Array>);
  } catch (error) {
    end.error = error as Error;
  } finally {
    gunzip.destroy();
    file.destroy();
  }
}

/**
 * Opens the file of a recording.
 *
 * @returns a file descriptor
 * @throws {Failure} `usage` when it cannot be read
 */
function openRecordingFile(path: string): number {
  let fd: number | undefined;
  try {
    fd = fs.openSync(path, 'r');
    if (fs.fstatSync(fd).isDirectory()) throw Object.assign(new Error('a directory'), { code: 'EISDIR' });
    return fd;
  } catch (error) {
    if (fd !== undefined) fs.closeSync(fd);
    const code = errnoOf(error);
    throw new Failure('usage', `${path}: ${WHY[code ?? ''] ?? `cannot be read (${code})`}`, { cause: error });
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'is a directory, not a recording',
};
