import type { Proto } from '../socket/socket-view.ts';

/**
 * How sockets were read: with netlink (`sock_diag`) in the network namespace, from files of `/proc`, or by a pass of an
 * eBPF program over all descriptors (`bpf_iter`), where the namespace has no sockets besides.
 */
export type Source = 'sock_diag' | 'procfs' | 'bpf_iter';

/**
 * The note for all that an ordinary user cannot see. It concerns the whole run and is printed once, without the name of
 * a target.
 */
export const NOT_ROOT = 'not root: owners and TCP details are hidden; run with sudo';

/** How the processes that hold sockets were found. */
export interface OwnersOrigin {
  /** By a pass of an eBPF program over all descriptors, or by the links of `/proc/PID/fd`. */
  source: 'bpf_iter' | 'procfs';
  /** Why it was not the pass, as a clause; absent where it was. */
  reason?: string;
}

/** Whether an answer is complete. */
export interface Coverage {
  /** False when something that was requested could not be read. */
  complete: boolean;
  /** One sentence for each gap or anomaly; empty when there is none. */
  notes: string[];
}

/** How the sockets of a network namespace were read. */
export interface SocketsHeader {
  takenAt: Date;
  /** Source of most protocols; {@link sources} has those that differ. */
  source: Source;
  /** Source of each protocol; absent for a protocol that this kernel does not have. */
  sources: Partial<Record<Proto, Source>>;
  /** Gaps; later steps add to it. */
  coverage: Coverage;
}
