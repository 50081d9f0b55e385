/**
 * A connected UNIX stream socket with blocking reads and writes.
 *
 * Errors have the errno's name in `code`, as Node's do: `EAGAIN` for a timeout.
 */
export interface UnixStream {
  /** Reads at least one byte; returns 0 at the end of the stream. Blocks for `timeoutMs` at most. */
  read(into: Uint8Array, timeoutMs: number): number;
  /** Writes all bytes. Each write(2) blocks for `timeoutMs` at most. */
  write(bytes: Uint8Array, timeoutMs: number): void;
  close(): void;
}

/**
 * Connects to a UNIX stream socket, blocking. Node has no such call; `kernel/` implements it with system
 * calls. One-shot commands use it because loading `node:http` takes longer than the whole request.
 *
 * @returns undefined where system calls are not available; Node's HTTP client is used then
 */
export type ConnectUnix = (path: string, timeoutMs: number) => UnixStream | undefined;
