/** The keys by which a list of sockets can be sorted. */
export const SOCKET_ORDERS = [
  'recv-q',
  'send-q',
  'state',
  'local',
  'peer',
  'local-port',
  'peer-port',
  'proto',
  'process',
  'container',
  'idle',
  'age',
  'rtt',
  'retrans',
] as const;

/** A key of a list of sockets. */
export type SocketOrder = (typeof SOCKET_ORDERS)[number];

/** How a list is ordered and cut. */
export interface ListOrder {
  /** Undefined for the order of the source. */
  key: SocketOrder | undefined;
  isReversed: boolean;
  /** Number of sockets; undefined for all. */
  limit: number | undefined;
}

/** Keys that come from the kernel's TCP information. */
export const MEASURED_ORDERS: readonly SocketOrder[] = ['idle', 'age', 'rtt', 'retrans'];
