import type { DescriptorUse } from './overview.ts';
import type { SocketCounts } from './socket-counts.ts';

/** A row of the overview: a container, a network namespace without one, the host, or the sockets of nobody in a shared one. */
export interface TopRow extends SocketCounts {
  /** Identifies the row at every tick. */
  id: string;
  /** Not safe for a terminal: the container chose it. */
  name: string;
  /** `docker`, `podman`, …, `netns`, `host`; `-` for the row `shared: a + b`. */
  runtime: string;
  /** Inode of the network namespace. */
  netns: number;
  /** Whether other rows are in the same network namespace. */
  shared: boolean;
  /** Descriptors of the process that is closest to its own limit; absent where none is known or can be read. */
  descriptors?: DescriptorUse;
  /**
   * TCP connections opened, outgoing and incoming; absent at the first tick, and where several rows share the network
   * namespace and events do not tell.
   */
  opensPerSecond?: number;
  /** Attempts to connect that failed, and connections closed; absent where events do not tell. */
  failuresPerSecond?: number;
  closesPerSecond?: number;
  /** When its sockets were last read, milliseconds since the epoch; absent before the first time. */
  snapshotAtMs?: number;
  /** Totals of the last ticks, the newest last. */
  history: readonly number[];
}

/** Counts of the sockets of an opened row that are connected to one peer. */
export interface TopPeerRow extends SocketCounts {
  id: string;
  /** Textual address, or its name; `*` for listening and unconnected sockets. Not safe for a terminal. */
  peer: string;
  /** `out` to a port of the peer, `in` from the peer to a local port. */
  direction: 'in' | 'out';
  /** Port of the peer (`out`) or local port (`in`): a service name or the number. */
  service: string;
  history: readonly number[];
}

/** One socket of an opened row. */
export interface TopSocketRow {
  id: string;
  proto: string;
  local: string;
  peer: string;
  state: string;
  /** As in `SocketView`; absent where the source does not know it. */
  receiveQueue?: number;
  sendQueue?: number;
  /** Attempts to connect that were dropped at a listener, or datagrams at a socket; absent where unknown. */
  drops?: number;
  /** `PID/name`; empty for none. Not safe for a terminal. */
  process: string;
  /** Smoothed round-trip time in microseconds; absent where there is none. */
  roundTripUs?: number;
  /** Milliseconds since data was last sent or received; absent where unknown. */
  idleMs?: number;
  /** Milliseconds since the first snapshot that has it; absent where unknown. */
  seenForMs?: number;
}

/** The data that `top` shows at one tick. */
export interface TopData {
  /** Milliseconds since the epoch. */
  atMs: number;
  rows: readonly TopRow[];
  /** Peers of the opened row; undefined until they are read. */
  peers?: readonly TopPeerRow[] | undefined;
  /** Sockets of the chosen peer or of the opened row; undefined until they are read. */
  sockets?: readonly TopSocketRow[] | undefined;
  /** Number of sockets that {@link sockets} leaves out; absent for none. */
  moreSockets?: number;
  /** True until the first tick, when nothing is known. */
  isReading?: boolean;
  /** Message to show: targets that started or stopped, and what was not read. */
  note?: string | undefined;
}
