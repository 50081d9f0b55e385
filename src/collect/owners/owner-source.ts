import type { HOLDER_FIELDS } from '../../bpf/programs/descriptor-program.ts';
import type { RecordTable } from '../../bpf/record-table.ts';
import type { OwnersOrigin } from '../../model/sample/coverage.ts';
import type { Holder } from '../../model/socket/socket-columns.ts';

/** A process that holds sockets, as it was when it was last read: one object for all its sockets, replaced when it changes. */
export interface HoldingProcess extends Holder {
  /** Clock ticks from boot to its start: with the PID it identifies the process, even when the PID is reused. */
  startTicks: number;
  /** Id of the container that its cgroup path names; undefined outside every container. */
  containerId: string | undefined;
}

/** A process and the descriptor by which it holds a socket. */
export interface SocketHolder {
  process: HoldingProcess;
  /** The lowest descriptor number that refers to the socket. */
  fd: number;
}

/** What passes over all descriptors have in common: a row for each descriptor that is a socket. */
export type HolderTable = RecordTable<typeof HOLDER_FIELDS>;

/** The sockets that a process has open. */
export interface HeldSockets {
  pid: number;
  sockets: readonly { inode: number; fd: number }[];
}

/** What a round of an {@link OwnerSource} is for. */
export interface WantedOwners {
  /** Time of the round, milliseconds since the epoch; equal for all namespaces that are read at the same time. */
  atMs: number;
  /** Inodes of the sockets whose holders are wanted; 0 (no descriptor) is ignored. */
  sockets: Iterable<number>;
  /** PIDs that probably hold them, such as those of a container: a source that reads single processes reads them first. */
  likely: Iterable<number>;
  /** Whether new sockets and processes are looked up now, whatever it costs; otherwise as the budget of the source allows. */
  foreground: boolean;
  /** Descriptors that the caller has read just before: they need not be read again. */
  readings?: readonly HeldSockets[];
}

/** CPU time that an {@link OwnerSource} may use for what is not needed at once. */
export interface WorkBudget {
  /** Whether any is left. */
  mayRun(nowMs: number): boolean;
  /** Runs work and charges its CPU time. */
  spend<T>(work: () => T): T;
}

/**
 * Which processes hold which sockets: every process, wherever on the host it lives. Inodes of sockets are unique on
 * the host.
 *
 * A source is read in rounds. One that sees the whole host in one pass makes it when the last is too old; one that
 * reads process by process reads some of them in each round. Between rounds answers do not change. `test/integration/
 * owner-contract.ts` states what every implementation does.
 */
export interface OwnerSource {
  /** How it finds holders. */
  readonly origin: OwnersOrigin;
  /** Reads who holds sockets now. After it {@link holdersOf} is no older than {@link asOfMs} says. */
  round(wanted: WantedOwners): void;
  /**
   * Takes over a pass over the descriptors of all processes that was made for another purpose, in the place of a round.
   * Absent where such a pass is not permitted.
   *
   * @param atMs when it began, milliseconds since the epoch
   */
  take?(pass: HolderTable, atMs: number): void;
  /** The processes that hold the socket with this inode, by PID; empty where none is known. */
  holdersOf(inode: number): readonly SocketHolder[];
  /** As {@link holdersOf}, without descriptors: a list that sockets with the same holders share, to be stored. */
  processesOf(inode: number): readonly HoldingProcess[];
  /**
   * The moment as of which {@link holdersOf} is known, milliseconds since the epoch: when the oldest of its processes
   * was read; for a socket without any, the oldest process of the host. Undefined before the host was read once.
   */
  asOfMs(inode: number): number | undefined;
  /** How many sockets are known to be held. */
  readonly size: number;
  /** PIDs of processes that could hold a socket and may not be read. */
  readonly denied: readonly number[];
}
