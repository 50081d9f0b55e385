import fs from 'node:fs';
import { errnoOf } from '../../base/errno.ts';
import { Failure } from '../../model/failure.ts';
import { type RecordingItem, RecordingReader } from '../../recording/reader.ts';
import { RecordingError } from '../../recording/recording-error.ts';
import { type FileEnd, linesOfFile } from './recording-lines.ts';

/** A recording that is being read. */
export interface OpenRecording {
  reader: RecordingReader;
  /** The content of its lines, in their order. */
  items: AsyncIterator<RecordingItem>;
  /** A sentence that says why it ends early; undefined where it ends regularly, and while there is more. */
  cut(): string | undefined;
  /** Closes the file. */
  close(): void;
}

/**
 * Opens a recording and reads its first line. A file that was cut off, or is damaged, is read up to that point.
 *
 * @throws {Failure} `usage` when it cannot be read or is not a recording
 */
export async function openRecording(path: string): Promise<OpenRecording> {
  const reader = new RecordingReader();
  const end: FileEnd = { error: undefined };
  const lines = linesOfFile(openRecordingFile(path), end);
  let cut: string | undefined;
  const close = () => {
    lines.return?.(undefined);
  };
  try {
    const first = await lines.next();
    if (first.done) throw new RecordingError(emptyBecause(end));
    reader.begin(first.value);
  } catch (error) {
    close();
    if (error instanceof RecordingError) throw new Failure('usage', `${path}: ${error.message}`, { cause: error });
    throw error;
  }
  async function* items(): AsyncGenerator<RecordingItem> {
    for (;;) {
      let item: RecordingItem;
      try {
        const line = await lines.next();
        if (line.done) break;
        item = reader.take(line.value);
      } catch (error) {
        if (!(error instanceof RecordingError)) throw error;
        cut = `the recording is damaged from here on: ${error.message}`;
        return;
      }
      if (item.kind === 'end') return;
      yield item;
    }
    cut =
      end.error === undefined
        ? 'the recording is incomplete: it was cut off, or is still being written'
        : `the recording is damaged from here on: ${end.error.message}`;
  }
  return { reader, items: items(), cut: () => cut, close };
}

/**
 * Opens the file of a recording.
 *
 * @returns a file descriptor
 * @throws {Failure} `usage` when it cannot be read
 */
export function openRecordingFile(path: string): number {
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

function emptyBecause(end: FileEnd): string {
  return end.error === undefined ? 'nothing is recorded in it' : 'not a socklens recording';
}
