import type { BoundFilter } from '../filter/bound-filter.ts';
import type { KnownFields } from '../filter/known-fields.ts';
import type { Filter } from '../filter/syntax.ts';
import type { ContainerFacts } from '../model/container/container.ts';
import type { Names } from '../model/names.ts';
import type { Attributed } from '../model/netns/attribution.ts';
import type { Sockstat } from '../model/netns/counters.ts';
import type { Scope } from '../model/netns/scope.ts';
import type { Target } from '../model/netns/target.ts';
import type { DescriptorUse } from '../model/report/overview.ts';
import type { OwnersOrigin, SocketsHeader } from '../model/sample/coverage.ts';
import type { Holder } from '../model/socket/socket-columns.ts';
import type { SocketQuery } from '../model/socket/socket-query.ts';
import type { SocketProcess } from '../model/socket/socket-row.ts';
import type { SocketSource, SocketView } from '../model/socket/socket-view.ts';

/**
 * One moment of one or more network namespaces: this machine now, or a recording at a time. Consumers do not know
 * which. Nothing is read before it is needed.
 */
export interface Snapshot {
  /** The namespaces of the TARGET, in its order; without a TARGET every network namespace. Each once. */
  readonly namespaces: readonly NetnsSnapshot[];
  /** When it was opened; the time of the sample for a recording. */
  readonly takenAt: Date;
  /** Without a TARGET: whether namespaces without a container, and the host, are among them. */
  readonly showsAll: boolean;
  /** Sentences about the moment itself, for a person; empty for this machine now. */
  readonly notes: readonly string[];
  /** What runs on the machine. */
  inventory(): Promise<SnapshotInventory>;
  /** Names as seen from all its namespaces together. */
  names(): Promise<Names>;
  /** Closes what is open, such as the file of a recording. */
  close(): void;
}

/** What runs on a machine, as far as it is known without dumping a namespace. */
export interface SnapshotInventory {
  /** False when no runtime answered and no cgroup names a container. */
  anyContainer: boolean;
  /** Where containers were searched, a line each. */
  lookedFor: readonly string[];
  /** The sentence for a person where there is no container; undefined for a recording, where none were searched. */
  withoutContainers: string | undefined;
  /** What could not be read, a sentence each. */
  notes: readonly string[];
  /** A sentence for each container that a runtime lists as running and that has no process on this machine. */
  withoutProcess: readonly string[];
}

/**
 * One network namespace at the moment of its {@link Snapshot}, seen as one target: it has the sockets of its
 * {@link scope} and no others.
 */
export interface NetnsSnapshot {
  readonly target: Target;
  /** Whose sockets it has; those of all where it is absent. */
  readonly scope?: Scope;
  /** Which keywords of a filter can be decided here; others are refused before anything is read. */
  readonly knownFields: KnownFields;
  /** Which containers it has. */
  residents(): Promise<Residents>;
  /** Names as seen from this namespace. */
  names(): Promise<Names>;
  /**
   * Looks up the names of a filter.
   *
   * @returns undefined for an empty filter
   * @throws {Failure} `usage` for an unknown name
   */
  bind(filter: Filter): Promise<SnapshotFilter | undefined>;
  /**
   * Reads the sockets that a query asks for into memory, so that they can be visited repeatedly.
   *
   * @throws {Failure} `no-target` when the namespace no longer exists or was not read, `not-permitted` when it may not be read
   */
  read(query: SocketQuery): Promise<SocketsRead>;
  /**
   * Reads all sockets for a caller that only counts them by state and peer: any source that has these will do.
   *
   * @param withOthers whether `OTHER_PROTOS` are read, too
   * @throws {Failure} as {@link read}
   */
  readToCount(withOthers: boolean): Promise<SocketsToCount>;
  /**
   * As {@link read}, without storing any: `visit` is called with each once, as it arrives.
   *
   * @throws {Failure} as {@link read}
   */
  stream(query: SocketQuery, visit: (socket: SocketView) => void): Promise<SocketsHeader>;
  /** Finds every process of the host that holds one of these sockets. */
  owners(sockets: SocketSource): SocketOwners;
  /** Finds whose each socket is; needed only where several share the namespace. @param sockets of {@link read} */
  attribution(sockets: SocketSource): Promise<SocketAttribution>;
  /** Names an interface of the namespace by its index; undefined where there is none, or its name is not known. */
  deviceName(index: number): string | undefined;
  /**
   * The process that is closest to its limit of open files.
   *
   * @param of the id of a container, or `OUTSIDE` for processes that are in none
   * @returns undefined when no process is known, or none may be read
   */
  fullestProcess(of: string): Promise<DescriptorUse | undefined>;
  /** Why its processes are not known; undefined where they are, or there are none. Absent for a recording. */
  processesNote?(): string | undefined;
  /** Makes a test for whether the kernel chose a local port. Absent where {@link knownFields} lacks `autobound`. */
  readonly autobound?: ((query: SocketQuery) => (socket: SocketView) => boolean) | undefined;
}

/** A filter that is bound to the names of one namespace. */
export interface SnapshotFilter extends BoundFilter {
  /** Names of the containers that a word of the filter means: a container's name or id, or a service. */
  containersNamed(word: string): ReadonlySet<string>;
}

/** The containers of a network namespace. */
export interface Residents {
  /** In the order of their names. */
  containers: readonly Resident[];
  /** Whether it is the host's own. */
  isHost: boolean;
  /** Whether several containers, or a container and the host, share it. */
  shared: boolean;
}

/** A container as a target of its own, with its labels. */
export type Resident = Target & Pick<ContainerFacts, 'id' | 'labels' | 'runtimeName' | 'pod'>;

/** The sockets of one namespace at one moment, and how they were read. */
export interface SocketsRead extends SocketsHeader {
  sockets: SocketSource;
  /** Whether entries in TIME_WAIT were not read: `sockstat` counts them then. */
  timeWaitLeftOut: boolean;
}

/** The sockets of one namespace that are counted. */
export interface SocketsToCount extends SocketsRead {
  /** The kernel's counts, from which UDP and RAW are taken; undefined where {@link sockets} has those. */
  sockstat: Sockstat | undefined;
}

/** Which processes hold which sockets. */
export interface SocketOwners {
  /** The processes that hold the socket with this inode, by PID; empty for none. */
  of(inode: number): SocketProcess[];
  /** As {@link of}, without descriptors: a list that sockets with the same holders share where the source knows that. */
  processesOf(inode: number): readonly Holder[];
  /** How they were found; absent for a recording. */
  origin?: OwnersOrigin;
  /** The note about processes that could hold a socket without an owner and may not be read; absent for none. */
  deniedNote?: string;
  /** A sentence about holders of sockets that are not known; undefined for none. Absent where {@link deniedNote} has it. */
  gapIn?(sockets: SocketSource): string | undefined;
}

/** Whose each socket of a shared namespace is, see `attribute`. */
export interface SocketAttribution {
  /** The owner is the id of a container, or `OUTSIDE`; undefined for a socket that belongs to nobody by evidence. */
  of(socket: SocketView): Attributed | undefined;
  owners: SocketOwners;
  /** Ids of the containers, and `OUTSIDE`, with a process that may not be read and could hold a socket. */
  unreadable: ReadonlySet<string>;
}
