import type { Runtime } from './runtime.ts';

/**
 * Knows where runtimes of one kind may listen: by settings, by processes, by well-known paths. It is asked before every
 * inventory, so it must be cheap, and it connects to nothing.
 */
export interface RuntimeSource {
  /** Command names of the processes that {@link find} wants to know of, as the kernel cuts them to 15 bytes. */
  readonly processNames: readonly string[];
  /**
   * The places where a runtime may answer now, in the order in which they are asked.
   *
   * @param pidsOf PIDs of the visible processes with one of {@link processNames}, ascending
   */
  find(pidsOf: (name: string) => readonly number[]): RuntimePlace[];
}

/** A place where a runtime may answer. */
export interface RuntimePlace {
  /**
   * Names the place, `unix:///run/containerd/containerd.sock`: as long as a place with this key is found, its runtime
   * is the one that was made first.
   */
  key: string;
  /**
   * Its UNIX socket, and what is spoken there: of several places that lead to one socket with one protocol, the first is
   * taken. A setting for one runtime may lead to the socket of another: both are asked. Absent for a runtime without one.
   */
  socket?: { path: string; protocol: 'http' | 'grpc' };
  /** Makes the runtime; connects to nothing. */
  open(): Runtime;
}
