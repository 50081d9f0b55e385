import { DeadlineError, type ExchangeOptions, type HttpAnswer } from './http.ts';
import { Http10Reader, http10Request } from './http-1-0.ts';
import type { ConnectUnix, UnixStream } from './unix-stream.ts';

/** Bytes of one read; most answers fit. */
const PIECE_BYTES = 64 * 1024;

/**
 * See `get`; on a UNIX socket, blocking this thread until the answer is complete or the deadline is reached.
 *
 * @returns undefined where `connect` has no system calls
 */
export function blockingGet(
  connect: ConnectUnix,
  path: string,
  target: string,
  { deadlineMs, limits }: ExchangeOptions,
): HttpAnswer | undefined {
  const end = now() + deadlineMs;
  /** Milliseconds until the deadline, above 0: the kernel takes 0 for no timeout. */
  const left = () => {
    const ms = Math.ceil(end - now());
    if (ms <= 0) throw new DeadlineError();
    return ms;
  };
  let stream: UnixStream | undefined;
  try {
    stream = connect(path, left());
    if (stream === undefined) return undefined;
    stream.write(http10Request(target), left());
    const reader = new Http10Reader(limits);
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

/** Monotonic clock in milliseconds. Loading `performance` would take 1 ms. */
function now(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
