import type { Proto } from '../socket/socket-view.ts';

/** How sockets were read: by netlink from inside the namespace, or from files of `/proc`. */
export type Source = 'sock_diag' | 'procfs';

/** What an answer covers, and what it does not. */
export interface Coverage {
  /** False when something that was asked for could not be seen. */
  complete: boolean;
  /** One sentence for each gap or oddity; empty when there is none. */
  notes: string[];
}

/** How the sockets of a namespace were read. */
export interface SocketsHeader {
  takenAt: Date;
  /** How most was read; where a protocol differs, {@link sources} says so. */
  source: Source;
  /** How each protocol was read; absent for one that this kernel does not have. */
  sources: Partial<Record<Proto, Source>>;
  /** What was not seen. Whoever finds another gap adds to it. */
  coverage: Coverage;
}
