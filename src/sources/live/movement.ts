import type { NetCounters, Sockstat } from '../../model/netns/counters.ts';

/** Counters that change whenever a connection is opened or closed. */
const OPENED_OR_CLOSED = ['TcpActiveOpens', 'TcpPassiveOpens', 'TcpAttemptFails', 'TcpEstabResets', 'TcpCurrEstab'];

/** What changed in a namespace since its sockets were dumped. */
export type Movement = 'connections' | 'segments' | 'none';

/**
 * Compares counters with those at the last dump. Received segments alone may have changed a state: a peer's FIN makes
 * a CLOSE_WAIT, which no counter of connections shows.
 */
export function movementSince(
  before: { counters: NetCounters; sockstat: Sockstat | undefined },
  now: { counters: NetCounters; sockstat: Sockstat | undefined },
): Movement {
  for (const name of OPENED_OR_CLOSED) {
    if (before.counters[name] !== now.counters[name]) return 'connections';
  }
  for (const name of ['tcp', 'tcp6', 'udp', 'udp6'] as const) {
    if (before.sockstat?.[name] !== now.sockstat?.[name]) return 'connections';
  }
  return before.counters.TcpInSegs === now.counters.TcpInSegs ? 'none' : 'segments';
}
