import type { StopSignal } from '../base/stop-signal.ts';
import type { BoundFilter } from '../filter/bound-filter.ts';
import type { KnownFields } from '../filter/known-fields.ts';
import type { Filter } from '../filter/syntax.ts';
import type { DeclaredSettings } from '../model/container/container.ts';
import type { Names } from '../model/names.ts';
import type { AttributedBy } from '../model/netns/attribution.ts';
import type { WatchedNetns } from '../model/netns/netns.ts';
import type { Series } from '../model/sample/series.ts';
import type { SampledNetns, SampledTick, SnapshotHeader } from '../model/sample/tick.ts';
import type { ConnectionEvent, EventKind, EventSource } from '../model/socket/connection-event.ts';
import type { PacketEvent, PacketEventKind } from '../model/socket/packet-event.ts';
import type { Holder } from '../model/socket/socket-columns.ts';
import type { SocketQuery } from '../model/socket/socket-query.ts';
import type { SocketSource, SocketView } from '../model/socket/socket-view.ts';
import type { StackAnswer, WantedProcess } from '../model/stack/stack-facts.ts';

/**
 * Where samples come from: this machine, or a recording of one. Consumers know nothing else, so that everything works
 * live and from a recording.
 */
export interface SampleSource {
  /** Interval of {@link next}, milliseconds; ticks report when it is stretched. */
  readonly intervalMs: number;
  /** When it started, or the recording did, milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** What reports the events of TCP connections; undefined where events are not received. */
  readonly eventSource: EventSource | undefined;
  /** Whether it is reported when one side of a connection closes; only of a source that was opened for it. */
  readonly reportsHalfCloses?: boolean;
  /** The kinds of packet events that are received, of those it was opened for. */
  readonly packetKinds: readonly PacketEventKind[];
  /** Why events that it was opened for are not received, as a clause; undefined where all are. */
  readonly whyMissing: string | undefined;
  /** Which keywords of a filter can be decided for its sockets. */
  readonly knowledge: FilterKnowledge;
  /**
   * Waits for the next tick, and hands events meanwhile to the request's functions.
   *
   * @returns undefined at the end: the time is up, it was stopped, or the recording ends
   */
  next(request: TickRequest, stop?: StopSignal): Promise<Tick | undefined>;
  /**
   * Looks up the names of a filter, as seen from a namespace.
   *
   * @returns undefined for an empty filter
   * @throws {Failure} `usage` for an unknown name
   */
  bind(namespace: WatchedNetns, filter: Filter): Promise<BoundFilter | undefined>;
  /** Whether a word of a bound filter means a container: its name, its id, or its service. */
  isNamed(container: string, wanted: string): boolean;
  /** Values of {@link WATCHED_SYSCTLS} in a namespace; those that cannot be read are left out. */
  sysctls(namespace: WatchedNetns): Readonly<Record<string, string>>;
  /** Interfaces of a namespace: their names by their indexes; empty where they are not known. */
  devices(namespace: WatchedNetns): ReadonlyMap<number, string>;
  /** Facts that rarely change and cost a request for each container. */
  details(): Promise<SourceDetails>;
  /** What the programs of processes are: looked up now, or as recorded. */
  stacks(processes: readonly WantedProcess[]): StackAnswer;
  /**
   * Makes the next tick due at once, because other namespaces are in the foreground. A recording repeats its last tick,
   * with the last snapshot of each namespace.
   */
  readonly tickNow?: (() => void) | undefined;
  /** Changes the interval, milliseconds. Absent where ticks have the interval of the recording. */
  readonly setInterval?: ((intervalMs: number) => void) | undefined;
  /** Closes everything that is open; no other method may be called afterwards. */
  close(): void;
}

/** Which keywords of a filter a source can decide. */
export interface FilterKnowledge {
  /** For the sockets of its snapshots. */
  snapshots: KnownFields;
  /** For connection events. */
  closed: KnownFields;
}

/** Facts that are read once for a source. */
export interface SourceDetails {
  /** Containers of the watched namespaces by id, with what was declared for them. */
  declared: ReadonlyMap<string, DeclaredSettings>;
  /** The programs that start containers, and their limits of open files. */
  runtimeProcesses: Series['runtimeProcesses'];
}

/** Sysctls of a namespace that affect its sockets. */
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

/** What the next tick contains, and who receives events meanwhile. */
export interface TickRequest {
  /**
   * Whether a namespace is in the foreground: its sockets are dumped at every tick, whatever it costs. Background
   * namespaces are dumped where their counters changed, within the CPU budget for the background.
   */
  isForeground(namespace: WatchedNetns): boolean;
  /**
   * Whether snapshots are only counted, by state, endpoint and owner: then those of many namespaces can come from one
   * pass in the kernel over all descriptors, which costs less than dumps and has no queues, timers and users.
   */
  countsOnly?: boolean;
  /**
   * Whether a background namespace that is not read at a tick has a snapshot with the connection events since its last
   * one; its time is that of the last one.
   */
  foldsEvents?: boolean;
  /**
   * Whether a foreground namespace in which nothing happened since its last snapshot may be `still` at a tick, without
   * another one.
   */
  mayRepeat?: boolean;
  /** Which sockets of a foreground namespace are dumped. */
  query(namespace: WatchedNetns): SocketQuery;
  /** Whether descriptors of processes in foreground namespaces are counted, and sorted into kinds. */
  processes: 'no' | 'count' | 'kinds';
  /**
   * Whether all counters are read, of foreground namespaces the containers' controllers included; otherwise only those
   * of `/proc/PID/net/snmp`.
   */
  allCounters: boolean;
  /** Called for each connection event of their kind as soon as it is known. Kinds without a function cost next to nothing. */
  events?: Readonly<Partial<Record<EventKind, ConnectionEventSink>>> | undefined;
  /**
   * Called when one side of a connection closes: it is no longer ESTABLISHED. @param socket valid until the next
   * @param atMs when, milliseconds since the epoch
   */
  halfClosed?: ((namespace: WatchedNetns, socket: SocketView, atMs: number) => void) | undefined;
  /**
   * Called when events of a namespace were lost, of those that happened between the two times, in milliseconds since
   * the epoch. @param count of events; undefined where unknown
   */
  lost?: ((namespace: WatchedNetns, fromMs: number, toMs: number, count?: number) => void) | undefined;
  /** Called for each packet event of the kinds that the source was opened for. */
  packets?: PacketEventSink | undefined;
  /** As {@link lost}, for packet events. */
  packetsLost?: TickRequest['lost'];
  /** Called after queued events were handed over, several times between two ticks. @param atMs when they were read */
  drained?: ((atMs: number) => void) | undefined;
  /** Called and awaited once for each namespace, before anything of it is handed over. */
  prepare?: ((namespace: WatchedNetns) => Promise<void>) | undefined;
}

/** The functions of a request for the ends of connections, `failed` and `closed`. */
export function endsTo(sink: ConnectionEventSink): NonNullable<TickRequest['events']> {
  return { failed: sink, closed: sink };
}

/** The functions of a request for events of every kind. */
export function allTo(sink: ConnectionEventSink): NonNullable<TickRequest['events']> {
  return { opened: sink, established: sink, failed: sink, closed: sink };
}

/** Receives connection events, each valid until the next. */
export type ConnectionEventSink = (namespace: WatchedNetns, event: ConnectionEvent) => void;

/** Receives packet events, each valid until the next. */
export type PacketEventSink = (namespace: WatchedNetns, event: PacketEvent) => void;

/** A sample of all namespaces at one moment. */
export interface Tick extends SampledTick<NetnsTick> {
  names: Names;
}

/** A sample of one namespace at one moment. */
export interface NetnsTick extends SampledNetns<SocketSnapshot> {
  /** When its sockets were last dumped, milliseconds since the epoch; absent before the first dump. */
  snapshotAtMs?: number;
}

/** The sockets of a namespace at one moment, and what is known about them. */
export interface SocketSnapshot extends SnapshotHeader {
  sockets: SocketSource;
  /**
   * Every process that holds the socket, by PID; of an entry that no descriptor refers to (TIME_WAIT) those that held it
   * last, as remembered. Empty when none is known.
   */
  holdersOf(socket: SocketView): readonly Holder[];
  /** Name of the container of the socket; undefined when it is in none, or not known. */
  containerOf(socket: SocketView): string | undefined;
  /** How that was found; undefined where no other shares the namespace, and where an older recording does not have it. */
  attributionOf(socket: SocketView): AttributedBy | undefined;
  /**
   * When the first dump that had the socket was taken, and the last one that did not have it yet, milliseconds since
   * the epoch; undefined for a socket that is not remembered. Valid as long as the view.
   */
  seenSince(socket: SocketView): { firstSeenMs: number; notBeforeMs?: number | undefined } | undefined;
}
