import { perObject } from '../../base/memo.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import type { Address } from '../../model/socket/interned-address.ts';
import { isLoopback } from '../../model/socket/loopback.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { dumpsOf, tcpIn } from '../snapshots/snapshots.ts';
import { containersAt } from './endpoints.ts';

/**
 * The namespace of this machine that an address belongs to, as seen from one that talks to it: its own
 * loopback and addresses, or those of a watched container; undefined for every other machine.
 */
export function namespaceByAddress(series: Series, from: NetnsSeries, plain: string): NetnsSeries | undefined {
  if (isLoopback(plain) || localAddresses(from).has(plain)) return from;
  return (
    namespaceOfContainer(series, plain) ?? series.namespaces.find((namespace) => localAddresses(namespace).has(plain))
  );
}

/** The namespace of the watched container that has an address; undefined where none has. */
export function namespaceOfContainer(series: Series, plain: string): NetnsSeries | undefined {
  const ids = new Set(containersAt(series, plain).map(({ id }) => id));
  return series.namespaces.find(({ namespace: { containers } }) => containers.some(({ id }) => ids.has(id)));
}

/** Addresses that sockets of a namespace have as their own. */
export const localAddresses = perObject((series: NetnsSeries): ReadonlySet<string> => {
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
  return addresses;
});

/** Whether a listener's address takes connections to every address of its namespace. */
export function isWildcard(plain: string): boolean {
  return plain === '0.0.0.0' || plain === '::';
}

/** Whether a listener of the port had more connections waiting than its queue takes, in any snapshot. */
export function hasFullQueue(series: NetnsSeries, port: number): boolean {
  return dumpsOf(series).some((dump) => tcpIn(dump, TCP_STATE.LISTEN).some((socket) => isFullListener(socket, port)));
}

/** False where the limit is not known. The kernel queues one more than it, net/ipv4/tcp_ipv4.c, sk_acceptq_is_full. */
function isFullListener({ localPort, receiveQueue, sendQueue }: StoredSocket, port: number): boolean {
  return localPort === port && (receiveQueue ?? 0) > (sendQueue ?? Number.POSITIVE_INFINITY);
}
