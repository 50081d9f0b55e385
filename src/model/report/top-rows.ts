import type { DescriptorUse } from './overview.ts';
import type { SocketCounts } from './socket-counts.ts';

/** A row of the overview: a container, a namespace without one, the host, or what nobody owns. */
export interface TopRow extends SocketCounts {
  /** Tells rows apart, from tick to tick. */
  id: string;
  /** Not safe for a terminal: the container chose it. */
  name: string;
  /** `docker`, `podman`, …, `netns`, `host`, or `unowned`. */
  runtime: string;
  /** Inode of the network namespace. */
  netns: number;
  /** True where others live in the namespace. */
  shared: boolean;
  /** Of the process that is closest to its own limit; absent where none is known or may be looked at. */
  descriptors?: DescriptorUse;
  /** TCP connections made in the namespace, both ways; absent at the first tick and where it is shared. */
  opensPerSecond?: number;
  /** When its sockets were read last, milliseconds since the epoch; absent before the first time. */
  snapshotAtMs?: number;
  /** The totals of the last ticks, the newest last. */
  history: readonly number[];
}

/** The sockets of one peer, of an entered row. */
export interface TopPeerRow extends SocketCounts {
  id: string;
  /** Textual address, or its name; `*` for listening and unconnected sockets. Not safe for a terminal. */
  peer: string;
  /** `out` to a port of the peer, `in` from the peer to a port of ours. */
  direction: 'in' | 'out';
  /** The port of {@link direction}: a service's name or the number. */
  service: string;
  history: readonly number[];
}

/** One socket of an entered row. */
export interface TopSocketRow {
  id: string;
  proto: string;
  local: string;
  peer: string;
  state: string;
  receiveQueue: number;
  sendQueue: number;
  /** `PID/name`; empty for none. Not safe for a terminal. */
  process: string;
  /** Microseconds; absent where there is none. */
  roundTripUs?: number;
  /** Milliseconds since data went either way; absent where there is none. */
  idleMs?: number;
  /** Milliseconds since it was first seen; absent where nobody remembers. */
  seenForMs?: number;
}

/** Everything that `top` knows at one moment. */
export interface TopData {
  /** Milliseconds since the epoch. */
  atMs: number;
  rows: readonly TopRow[];
  /** Of the entered row; undefined until it was looked at. */
  peers?: readonly TopPeerRow[] | undefined;
  /** Of the chosen peer, or of the entered row; undefined until it was looked at. */
  sockets?: readonly TopSocketRow[] | undefined;
  /** How many sockets there are more than {@link sockets} has. */
  moreSockets?: number;
  /** What a person should know: what came, went or was not seen. */
  note?: string | undefined;
}
