import type { Address } from '../../model/interned-address.ts';
import type { NetnsSeries, Series } from '../../model/series.ts';
import type { SocketRecord } from '../../model/socket-record.ts';
import { TCP_STATE } from '../../model/tcp-state.ts';
import { containerAt, isLoopback } from './peers/endpoints.ts';
import { dumpsOf, tcpIn } from './snapshots/snapshots.ts';

/**
 * The namespace of this machine that an address belongs to, as seen from one that talks to it: its own
 * loopback and addresses, or those of a watched container; undefined for every other machine.
 */
export function homeOf(series: Series, from: NetnsSeries, plain: string): NetnsSeries | undefined {
  if (isLoopback(plain) || localAddresses(from).has(plain)) return from;
  const container = containerAt(series, plain);
  const byContainer = series.spaces.find(({ space: { containers } }) =>
    containers.some(({ id }) => id === container?.id),
  );
  if (container !== undefined && byContainer !== undefined) return byContainer;
  return series.spaces.find((space) => localAddresses(space).has(plain));
}

const known = new WeakMap<NetnsSeries, ReadonlySet<string>>();

/** Addresses that sockets of a namespace have as their own. */
export function localAddresses(series: NetnsSeries): ReadonlySet<string> {
  const before = known.get(series);
  if (before !== undefined) return before;
  // Sockets with one address share its object, and those with one address stand together.
  const seen = new Set<Address>();
  let last: Address | undefined;
  for (const { sockets } of dumpsOf(series)) {
    for (const { local } of sockets) {
      if (local === undefined || local === last) continue;
      last = local;
      seen.add(local);
    }
  }
  const addresses = new Set<string>();
  for (const { plain } of seen) if (!isWildcard(plain) && !isLoopback(plain)) addresses.add(plain);
  known.set(series, addresses);
  return addresses;
}

/** Whether a listener's address takes connections to every address of its namespace. */
export function isWildcard(plain: string): boolean {
  return plain === '0.0.0.0' || plain === '::';
}

/** Whether a listener of the port had more connections waiting than its queue takes, at any look. */
export function hasFullQueue(series: NetnsSeries, port: number): boolean {
  return dumpsOf(series).some((dump) => tcpIn(dump, TCP_STATE.LISTEN).some((socket) => isFullListener(socket, port)));
}

/** The kernel queues one more than the limit, net/ipv4/tcp_ipv4.c, sk_acceptq_is_full. */
function isFullListener({ localPort, receiveQueue, sendQueue }: SocketRecord, port: number): boolean {
  return localPort === port && receiveQueue > sendQueue;
}
