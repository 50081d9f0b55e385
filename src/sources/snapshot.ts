import type { BoundFilter } from '../filter/bound-filter.ts';
import type { KnownFields } from '../filter/known-fields.ts';
import type { Filter } from '../filter/syntax.ts';
import type { Names } from '../model/names.ts';
import type { Sockstat } from '../model/netns/counters.ts';
import type { Target } from '../model/netns/target.ts';
import type { DescriptorUse } from '../model/report/overview.ts';
import type { SocketsHeader } from '../model/sample/coverage.ts';
import type { SocketQuery } from '../model/socket/socket-query.ts';
import type { SocketProcess } from '../model/socket/socket-row.ts';
import type { SocketSource, SocketView } from '../model/socket/socket-view.ts';

/**
 * One moment of one or more network namespaces: this machine now, or a recording at a time. Who asks cannot
 * tell which it has. Nothing is read before it is asked for.
 */
export interface Snapshot {
  /** What the TARGET means, in its order; without a TARGET every network namespace, each once. */
  readonly namespaces: readonly NetnsSnapshot[];
  /** When it was opened; of a recording the time of the sample. */
  readonly takenAt: Date;
  /** Without a TARGET: whether namespaces without a container, and the host, are among them. */
  readonly showsAll: boolean;
  /** Sentences about the moment itself, for a person; empty for now. */
  readonly notes: readonly string[];
  /** What runs on the machine. */
  inventory(): Promise<SnapshotInventory>;
  /** Names as seen from all its namespaces together; plain numbers where nothing is known of an address. */
  names(): Promise<Names>;
  close(): void;
}

/** What runs on a machine, as far as it is known without reading a namespace. */
export interface SnapshotInventory {
  /** False when no runtime answered and no cgroup names a container. */
  anyContainer: boolean;
  /** Where containers were looked for, a line each. */
  lookedFor: readonly string[];
  /** The sentence for a person where there is no container; undefined where nobody looked for any. */
  withoutContainers: string | undefined;
  /** What could not be found out, a sentence each. */
  notes: readonly string[];
  /** Names of containers that run, say the runtimes, and have no process here. */
  withoutProcess: readonly string[];
}

/** One network namespace at the moment of its {@link Snapshot}, seen as one target. */
export interface NetnsSnapshot {
  readonly target: Target;
  /** Which keywords of a filter can be decided here: others are refused before anything is read. */
  readonly knownFields: KnownFields;
  /** Who lives there. */
  residents(): Promise<Residents>;
  /** Names as seen from this namespace. */
  names(): Promise<Names>;
  /**
   * Looks up the names of a filter.
   *
   * @returns undefined for a filter that says nothing
   * @throws {Failure} `usage` for a name that nobody knows
   */
  bind(filter: Filter): Promise<SnapshotFilter | undefined>;
  /**
   * The sockets that a query asks for, kept so that they can be gone through again.
   *
   * @throws {Failure} `no-target` when the namespace is gone or was not read, `not-permitted` when it may not be
   */
  read(query: SocketQuery): SocketsRead;
  /**
   * The same without keeping any: `visit` sees each once, as it arrives.
   *
   * @throws {Failure} as {@link read}
   */
  stream(query: SocketQuery, visit: (socket: SocketView) => void): SocketsHeader;
  /**
   * The processes that hold sockets.
   *
   * @param all all holders of each, whatever it costs; otherwise those that were met until each had one
   */
  owners(sockets: SocketSource, all?: boolean): SocketOwners;
  /** Whose each of the sockets is; asked only where several share the namespace. */
  attribution(sockets: SocketSource): Promise<SocketAttribution>;
  /** The kernel's own counts of the namespace's sockets; undefined where it has none, or they cannot be read here. */
  sockstat(): Sockstat | undefined;
  /**
   * The process that is closest to its own limit of open files.
   *
   * @param of the id of a container, or `outside` for processes that are in none
   * @returns undefined when no process is known, or none may be looked at
   */
  fullestProcess(of: string): Promise<DescriptorUse | undefined>;
  /** Whether the kernel chose the local port of a socket. Absent where {@link knownFields} lacks `autobound`. */
  autobound?(query: SocketQuery): (socket: SocketView) => boolean;
}

/** {@link NetnsSnapshot.fullestProcess} and {@link SocketAttribution}: outside every container. */
export const OUTSIDE = 'outside';

/** A filter that is bound to the names of one namespace. */
export interface SnapshotFilter extends BoundFilter {
  /** Names of the containers that a word means: a container's name or id, or a service. */
  containersNamed(word: string): ReadonlySet<string>;
}

/** Who lives in a network namespace. */
export interface Residents {
  /** In the order of their names. */
  containers: readonly Resident[];
  /** Whether it is the host's own. */
  isHost: boolean;
  /** Whether more than one lives there, the host counted as one. */
  shared: boolean;
}

/** A container as a target of its own. */
export type Resident = Target & { id: string };

/** The sockets of one namespace at one moment, and how they were read. */
export interface SocketsRead extends SocketsHeader {
  sockets: SocketSource;
  /** Whether entries in TIME_WAIT were not read: `sockstat` counts them then. */
  timeWaitLeftOut: boolean;
}

/** Which processes hold which sockets. */
export interface SocketOwners {
  /** The processes that hold the socket with this inode; empty for none. */
  of(inode: number): SocketProcess[];
  /** How many processes' descriptors may not be listed and could hold a socket that has no owner here. */
  denied: number;
  /** What is not known of the holders of these sockets, in a sentence; undefined for nothing. Absent where {@link denied} says it. */
  gapIn?(sockets: SocketSource): string | undefined;
}

/**
 * Whose a socket is: its container's that holds it, else that of the cgroup that created it. A TIME_WAIT or
 * half-open entry has neither and belongs to nobody.
 */
export interface SocketAttribution {
  /** The id of a container, {@link OUTSIDE} for what a process outside every container holds, undefined for nobody's. */
  of(socket: SocketView): string | undefined;
  owners: SocketOwners;
}
