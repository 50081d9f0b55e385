import { DeadlineError, type ExchangeOptions } from './exchange-options.ts';
import { type HttpAnswer, HttpResponseReader } from './http-response.ts';
import type { ConnectUnix, UnixStream } from './unix-stream.ts';

/** Most answers fit into one piece of this size. */
const PIECE_BYTES = 64 * 1024;

/**
 * See `exchange`; on a UNIX socket, blocking this thread until the answer is complete or the time is over.
 *
 * @returns undefined where there is no blocking way
 */
export function blockingExchange(
  connect: ConnectUnix,
  path: string,
  request: Buffer,
  { deadlineMs, limits }: ExchangeOptions,
): HttpAnswer | undefined {
  const end = now() + deadlineMs;
  /** A timeout of 0 would mean none to the kernel. */
  const left = () => {
    const ms = Math.ceil(end - now());
    if (ms <= 0) throw new DeadlineError();
    return ms;
  };
  let stream: UnixStream | undefined;
  try {
    stream = connect(path, left());
    if (stream === undefined) return undefined;
    stream.write(request, left());
    const reader = new HttpResponseReader(limits);
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      const length = stream.read(piece, left());
      if (length === 0 || reader.push(piece.subarray(0, length))) return reader.end();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') throw new DeadlineError();
    throw error;
  } finally {
    stream?.close();
  }
}

/** Milliseconds of a clock that is never set. `performance` would have to be loaded first, which takes one of them. */
function now(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
