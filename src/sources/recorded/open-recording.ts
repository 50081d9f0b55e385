import fs from 'node:fs';
import { errnoOf } from '../../base/errno.ts';
import { Failure } from '../../model/failure.ts';
import { type RecordingItem, RecordingReader } from '../../recording/reader.ts';
import { RecordingError } from '../../recording/recording-error.ts';
import { type FileEnd, linesOfFile } from './recording-lines.ts';

/** A recording that is being read. */
export interface OpenRecording {
  reader: RecordingReader;
  /** What its lines bring, one after the other. */
  items: AsyncIterator<RecordingItem>;
  /** Why there is no more of it, in a sentence; undefined where it ended in order, and as long as there is more. */
  cut(): string | undefined;
  close(): void;
}

/**
 * Opens a recording and reads its first line. One that was cut off, or is damaged, is read up to there.
 *
 * @throws {Failure} `usage` when it cannot be read or is no recording
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
        cut = `the recording cannot be read any further: ${error.message}`;
        return;
      }
      if (item.kind === 'end') return;
      yield item;
    }
    cut =
      end.error === undefined
        ? 'the recording ends here without its end: it was cut off, or is still being written'
        : `the recording cannot be read any further: ${end.error.message}`;
  }
  return { reader, items: items(), cut: () => cut, close };
}

/**
 * Opens the file of a recording.
 *
 * @throws {Failure} `usage` for what is no file that can be read
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
    throw new Failure('usage', `${path}: ${WHY[code ?? ''] ?? `it cannot be read (${code})`}`, { cause: error });
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory, no recording',
};

function emptyBecause(end: FileEnd): string {
  return end.error === undefined ? 'nothing is recorded in it' : 'it is no recording of socklens';
}
