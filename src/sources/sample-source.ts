import type { StopSignal } from '../base/stop-signal.ts';
import type { BoundFilter } from '../filter/bound-filter.ts';
import type { KnownFields } from '../filter/known-fields.ts';
import type { Filter } from '../filter/syntax.ts';
import type { DeclaredSettings } from '../model/container/container.ts';
import type { Names } from '../model/names.ts';
import type { WatchedNetns } from '../model/netns/netns.ts';
import type { Series } from '../model/sample/series.ts';
import type { SampledNetns, SampledTick, SnapshotHeader } from '../model/sample/tick.ts';
import type { ClosedConnection } from '../model/socket/closed-connection.ts';
import type { Holder } from '../model/socket/socket-columns.ts';
import type { SocketQuery } from '../model/socket/socket-query.ts';
import type { SocketSource, SocketView } from '../model/socket/socket-view.ts';

/**
 * Where samples come from: this machine, or a recording of one. Whoever watches knows nothing else,
 * so that what works live works from a file.
 */
export interface SampleSource {
  /** How often {@link next} comes back, in milliseconds; what stretches it is told by the ticks. */
  readonly intervalMs: number;
  /** When it began, or the recording of it did: milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** What filters can ask of its sockets. */
  readonly knowledge: FilterKnowledge;
  /**
   * Waits for the next tick, and hands connections that are closed meanwhile to the request's functions.
   *
   * @returns undefined when there is no more: the time is up, it was stopped, or the recording ends
   */
  next(request: TickRequest, stop?: StopSignal): Promise<Tick | undefined>;
  /**
   * Looks up the names of a filter, as seen from a namespace.
   *
   * @returns undefined for a filter that says nothing
   * @throws {Failure} `usage` for a name that nobody knows
   */
  bind(namespace: WatchedNetns, filter: Filter): Promise<BoundFilter | undefined>;
  /** Whether a container is meant by a name in a filter that was bound: its own, its id, or its service's. */
  isNamed(container: string, wanted: string): boolean;
  /** The settings of a namespace that {@link WATCHED_SYSCTLS} names; what cannot be read is left out. */
  sysctls(namespace: WatchedNetns): Readonly<Record<string, string>>;
  /** What changes seldom and costs a question for each container. */
  details(): Promise<SourceDetails>;
  /** Brings the next tick at once: other sockets are looked at. Of a recording it is the last tick again, with the last look at each namespace. */
  tickNow?(): void;
  /** Another interval from now on, in milliseconds. Absent where ticks come as they were recorded. */
  setInterval?(intervalMs: number): void;
  close(): void;
}

/** Which keywords of a filter a source can decide. */
export interface FilterKnowledge {
  /** For the sockets of its snapshots. */
  snapshots: KnownFields;
  /** For closed connections. */
  closed: KnownFields;
}

/** What is asked once. */
export interface SourceDetails {
  /** Containers of the watched namespaces by id, with what was declared for them. */
  declared: ReadonlyMap<string, DeclaredSettings>;
  /** The programs that start containers, and their limits of open files. */
  runtimeProcesses: Series['runtimeProcesses'];
}

/** Settings of a namespace that decide about its sockets. */
export const WATCHED_SYSCTLS: readonly string[] = [
  'net.core.somaxconn',
  'net.core.rmem_max',
  'net.core.wmem_max',
  'net.unix.max_dgram_qlen',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_max_syn_backlog',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_abort_on_overflow',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_tw_reuse',
  'net.ipv4.tcp_max_tw_buckets',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_syn_retries',
  'net.ipv4.tcp_retries2',
  'net.ipv4.tcp_orphan_retries',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
];

/** What a tick shall bring. */
export interface TickRequest {
  /**
   * Whose sockets somebody looks at: they are read at every tick, whatever it costs. Those of others are
   * read where their counters say that something moved, within the budget for the background.
   */
  isForeground(namespace: WatchedNetns): boolean;
  /** Which sockets are wanted where somebody looks. */
  query(namespace: WatchedNetns): SocketQuery;
  /** Whether descriptors of processes are counted where somebody looks, and sorted into kinds. */
  processes: 'no' | 'count' | 'kinds';
  /**
   * Whether all counters are read where somebody looks, those of the containers' controllers among them: the
   * shorter file alone otherwise.
   */
  allCounters: boolean;
  /** Called for each closed connection as soon as it is known. */
  closed?: ClosedConnectionSink | undefined;
  /**
   * Called when the kernel dropped events of a namespace: connections closed between the two times, in
   * milliseconds since the epoch, may be missing.
   */
  lost?: ((namespace: WatchedNetns, fromMs: number, toMs: number) => void) | undefined;
  /** Called when all events that have come were handed over, several times between two ticks. @param atMs when they were read */
  drained?: ((atMs: number) => void) | undefined;
  /** Called and waited for once for each namespace, before anything of it is handed over. */
  prepare?: ((namespace: WatchedNetns) => Promise<void>) | undefined;
}

/** Takes closed connections. */
export type ClosedConnectionSink = (namespace: WatchedNetns, closed: ClosedConnection) => void;

/** What was seen at one moment. */
export interface Tick extends SampledTick<NetnsTick> {
  names: Names;
}

/** What was seen of one namespace at one moment. */
export interface NetnsTick extends SampledNetns<SocketSnapshot> {
  /** How many TCP sockets are in each state, as the kernel counted at this tick; absent where it does not. */
  tcpStates?: TcpStates;
  /** When its sockets were read last, milliseconds since the epoch; absent before the first time. */
  snapshotAtMs?: number;
}

/** TCP sockets by state, counted in the kernel. What is in TIME_WAIT is counted in `sockstat` alone. */
export interface TcpStates {
  /** By the number of the state; SYN_RECV is as it was at the last look. */
  counts: readonly number[];
  /**
   * FIN_WAIT2 without a process, at the last look: not among {@link counts}, and counted under TIME_WAIT in `sockstat`
   * as long as they are there.
   */
  abandoned: number;
}

/** The sockets of a namespace at one moment, and what is known of them. */
export interface SocketSnapshot extends SnapshotHeader {
  sockets: SocketSource;
  /** The process that holds it, or was seen to when it still did. */
  holderOf(socket: SocketView): Holder | undefined;
  containerOf(socket: SocketView): string | undefined;
  /** The first look that had it, and the last one before that had not; undefined for what nobody remembers. Valid as long as the view. */
  seenSince(socket: SocketView): { firstSeenMs: number; notBeforeMs?: number | undefined } | undefined;
}
