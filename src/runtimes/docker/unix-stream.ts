/**
 * A connected UNIX stream socket that is read and written blocking.
 *
 * Errors are thrown as objects with the errno's name in `code`, as Node does; `EAGAIN` means that
 * the time was over.
 */
export interface UnixStream {
  /** Reads what is there, at least one byte; 0 at the end. Waits `timeoutMs` at most. */
  read(into: Uint8Array, timeoutMs: number): number;
  /** Writes all. Waits `timeoutMs` at most for each part. */
  write(bytes: Uint8Array, timeoutMs: number): void;
  close(): void;
}

/**
 * Connects to a UNIX stream socket, blocking.
 *
 * Node has no such call, so it is handed in by whoever has the foreign calls. A one-shot command
 * saves the loading of `node:net` and of streams by it, a few milliseconds.
 *
 * @returns undefined where there are no foreign calls; Node's own way is taken then
 */
export type ConnectUnix = (path: string, timeoutMs: number) => UnixStream | undefined;
