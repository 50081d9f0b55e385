import { errnoOf } from '../../base/errno.ts';
import { Failure } from '../../model/failure.ts';
import { type RecordingItem, RecordingReader } from '../../recording/reader.ts';
import { RecordingError } from '../../recording/recording-error.ts';
import type { LinesEnd, RecordingInput } from './recording-input.ts';
import { parsedLines } from './recording-lines.ts';

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
export async function openRecording(input: RecordingInput): Promise<OpenRecording> {
  const reader = new RecordingReader();
  const end: LinesEnd = { error: undefined };
  const lines = parsedLines(input.texts(end), end);
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
    if (error instanceof RecordingError)
      throw new Failure('usage', `${input.name}: ${error.message}`, { cause: error });
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

/** Why a file has no first line. */
function emptyBecause({ error }: LinesEnd): string {
  if (error === undefined) return 'nothing is recorded in it';
  // zlib's words for a file that is not gzip.
  const isGzip = errnoOf(error) === 'Z_DATA_ERROR' && error.message !== 'incorrect header check';
  return isGzip ? `the recording is damaged at its beginning (${error.message})` : 'not a socklens recording';
}
