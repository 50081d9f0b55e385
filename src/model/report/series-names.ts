/** Series that `serve` keeps of each row, by name. Rates are connections per second. */
export const SERIES = {
  /** Sockets that are open: all but TIME_WAIT. */
  open: 'open',
  timeWait: 'timeWait',
  udp: 'udp',
  raw: 'raw',
  /** Of the process that is closest to its own limit of open files. */
  descriptors: 'descriptors',
  descriptorLimit: 'descriptorLimit',
  opened: 'opened',
  failed: 'failed',
  closed: 'closed',
  /** Handshakes of connections that the container opened, microseconds. */
  handshakeMedian: 'handshake.median',
  handshakeP95: 'handshake.p95',
  handshakeMax: 'handshake.max',
} as const;

/** Name of the series of connections that ended in a way, see `Outcome`: no value where none did and `closed` has one. */
export function outcomeSeries(outcome: string): string {
  return `outcome.${outcome}`;
}

/** Name of the series of connections that ended with an error, by its name: `error.ECONNREFUSED`. */
export function errorSeries(error: string): string {
  return `error.${error}`;
}

/** Name of the series of TCP sockets in a state, as netstat spells it. */
export function stateSeries(state: string): string {
  return `state.${state}`;
}

/** Connections of a container with one peer, or from clients to one of its ports. */
export interface LaneKey {
  /** `out`: the container is the client. */
  direction: 'in' | 'out';
  /** Of the peer for `out`; of the local socket for `in`, absent for any. */
  address?: string;
  /** Of the peer for `out`, the local one for `in`. */
  port: number;
}

/** The port of a lane of clients whose ports are not known: those of all ports together. */
export const ANY_PORT = 0;

/** Name of the series of the connections of all lanes that have no series of their own. */
export const OTHER_LANES = 'peer.others';

/** Name of the series of the connections of a lane. */
export function laneSeries({ direction, address, port }: LaneKey): string {
  return direction === 'in' ? `peer.in *:${port}` : `peer.out ${address ?? '*'}:${port}`;
}

/** Name of the series of the connections of a lane that are idle. */
export function idleSeries(lane: LaneKey): string {
  return `idle.${laneSeries(lane)}`;
}

/** Name of the series of connections of a lane that a database took and refused, a second: no value for none. */
export function refusedSeries(lane: LaneKey): string {
  return `refused.${laneSeries(lane)}`;
}

/**
 * Name of the series of sockets in TIME_WAIT that connections with one peer left. Known while a page shows the container:
 * in the background only all of them together are counted.
 */
export function timeWaitSeries({ direction, address, port }: LaneKey): string {
  return `timeWait.${direction} ${address ?? '*'}:${port}`;
}

/** Name of the series of connections that wait to be accepted at a local port; `*` for those of all ports, empty for its beginning. */
export function queueSeries(port: number | '' | '*'): string {
  return `queue.${port}`;
}

/** What `serve` keeps of the connections from a client to a port of a server, by name. Rates are per second. */
export const EDGE_VALUES = {
  /** Sockets that are open: all but TIME_WAIT; those of the end that has more. */
  connections: 'connections',
  /** Of both ends: the peer closed, and this end did not. */
  closeWait: 'closeWait',
  /** Attempts to connect that are not answered yet. */
  synSent: 'synSent',
  /** Attempts that were refused, and those that failed otherwise. */
  refused: 'refused',
  failed: 'failed',
  /** Connections in the accept queue of the port, where it is full. */
  queued: 'queued',
  /** Addresses that are one end of it, where that is a network. */
  addresses: 'addresses',
} as const;
