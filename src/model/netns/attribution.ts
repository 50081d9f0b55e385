import type { SocketView } from '../socket/socket-view.ts';

/**
 * How the owner of a socket was found: the process that holds it, the cgroup that created it, the only listener on its
 * local address and port, or the process that held it in an earlier snapshot.
 */
export type AttributedBy = (typeof ATTRIBUTED_BY)[number];

export const ATTRIBUTED_BY = ['process', 'cgroup', 'listener', 'memory'] as const;

/** The owner of a socket in a shared network namespace. */
export interface Attributed {
  /** A container, or {@link OUTSIDE}. */
  owner: string;
  by: AttributedBy;
}

/** The owner of a socket that a process outside every container holds. */
export const OUTSIDE = 'outside';

/** What is known about whose a socket is; each function returns an owner, or undefined where it knows none. */
export interface OwnerEvidence {
  /** The owner of the processes that hold it now. */
  process(socket: SocketView): string | undefined;
  /** The container whose cgroup created it. */
  cgroup(socket: SocketView): string | undefined;
  /** The owner of the only listener on its local address and port. */
  listener(socket: SocketView): string | undefined;
  /** The owner of the process that held it in an earlier snapshot. Absent where there were none. */
  memory?(socket: SocketView): string | undefined;
}

/**
 * Whose a socket of a shared network namespace is: the only implementation of the rule, live and recorded. Nothing is
 * guessed: a socket without evidence belongs to nobody.
 */
export function attribute(socket: SocketView, evidence: OwnerEvidence): Attributed | undefined {
  const holder = evidence.process(socket);
  if (holder !== undefined) return { owner: holder, by: 'process' };
  const creator = evidence.cgroup(socket);
  if (creator !== undefined) return { owner: creator, by: 'cgroup' };
  // No descriptor refers to it: TIME_WAIT, half-open, in an accept queue, closed by its process.
  const listener = socket.inode === 0 ? evidence.listener(socket) : undefined;
  if (listener !== undefined) return { owner: listener, by: 'listener' };
  const remembered = evidence.memory?.(socket);
  return remembered === undefined ? undefined : { owner: remembered, by: 'memory' };
}
