import fs from 'node:fs';
import type { RecordingLine } from '../recording/lines.ts';

/** How a file ended. */
export interface FileEnd {
  /** What made it unreadable; undefined where there was just no more. */
  error: Error | undefined;
}

/** So much of the file is read at a time. */
const PIECE_BYTES = 64 * 1024;
/** A longer line is none of ours. */
const LONGEST_LINE = 256 * 1024 * 1024;

/** The lines of a packed file, as {@link textsOfFile} has them. What is no JSON ends it as well. */
export async function* linesOfFile(fd: number, end: FileEnd): AsyncGenerator<RecordingLine> {
  for await (const text of textsOfFile(fd, end)) {
    let line: RecordingLine;
    try {
      line = JSON.parse(text) as RecordingLine;
    } catch (error) {
      end.error = error as Error;
      return;
    }
    yield line;
  }
}

/**
 * The lines of a packed file as text. Where the file is cut off, all lines that are whole are handed on, and
 * half a line at the end is not; what cannot be unpacked or read ends it as well, and is told in `end`.
 * Closes the file.
 */
export async function* textsOfFile(fd: number, end: FileEnd): AsyncGenerator<string> {
  const { constants, createGunzip } = process.getBuiltinModule('node:zlib');
  const file = fs.createReadStream('', { fd, highWaterMark: PIECE_BYTES });
  // What was flushed can be unpacked, whether or not there is an end.
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: PIECE_BYTES });
  file.once('error', (error) => gunzip.destroy(error));
  let rest = '';
  const decoder = new TextDecoder();
  try {
    for await (const piece of file.pipe(gunzip) as AsyncIterable<Uint8Array>) {
      const texts = (rest + decoder.decode(piece, { stream: true })).split('\n');
      rest = texts.pop() ?? '';
      if (rest.length > LONGEST_LINE) throw new Error('a line is too long');
      for (const text of texts) yield text;
    }
  } catch (error) {
    end.error = error as Error;
  } finally {
    gunzip.destroy();
    file.destroy();
  }
}
