import type { RecordingInput } from '../../sources/recorded/recording-input.ts';
import { linesIn } from '../../sources/recorded/recording-lines.ts';

/** Packed bytes that are unpacked at a time. */
const PIECE_BYTES = 32 * 1024;

/** The page answers its reader at least so often, milliseconds. */
const BREATH_MS = 16;

/** A recording in the memory of the browser, or in a file that was chosen: it is read here and sent nowhere. */
export function blobInput(name: string, blob: Blob): RecordingInput {
  return {
    name,
    async *texts(end) {
      try {
        yield* linesIn(unpacked(blob));
      } catch (error) {
        end.error = error instanceof Error ? error : new Error(String(error));
      }
    },
  };
}

/** The unpacked bytes of a gzip file; of one that is cut off all that it has. @throws for what is no gzip file */
async function* unpacked(blob: Blob): AsyncGenerator<Uint8Array> {
  const gzip = new DecompressionStream('gzip');
  const writer = gzip.writable.getWriter();
  const reader = gzip.readable.getReader();
  const pieces: Uint8Array[] = [];
  const unpacking = collect(reader, pieces);
  let breathedMs = performance.now();
  try {
    for (let at = 0; at < blob.size; at += PIECE_BYTES) {
      const piece = new Uint8Array(await blob.slice(at, at + PIECE_BYTES).arrayBuffer());
      await writer.write(piece);
      yield* pieces.splice(0);
      if (performance.now() - breathedMs < BREATH_MS) continue;
      await breath();
      breathedMs = performance.now();
    }
    // What is unpacked must have been collected: a stream that ends with an error throws away what waits in it.
    await breath();
    yield* pieces.splice(0);
    await writer.close().catch(nothing);
    const error = await unpacking;
    yield* pieces.splice(0);
    if (error !== undefined && !isCutOff(error)) throw error;
  } finally {
    await writer.abort().catch(nothing);
  }
}

/** Takes what is unpacked as soon as it is there. @returns the error that ended it; undefined where it ended */
async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  pieces: Uint8Array[],
): Promise<Error | undefined> {
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** A file that is still being written, or was cut off, is read up to there: the recording says so itself. */
function isCutOff({ message }: Error): boolean {
  return /truncated|unexpected end|incomplete/i.test(message);
}

/** Lets the browser draw and answer. */
function breath(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

function nothing(): void {}
