import type { NetCounters, Sockstat } from '../../model/netns/counters.ts';

/** Counters that move whenever a connection is made or lost. */
const OPENED_OR_CLOSED = ['TcpActiveOpens', 'TcpPassiveOpens', 'TcpAttemptFails', 'TcpEstabResets', 'TcpCurrEstab'];

/** How much moved in a namespace since its sockets were read: decides who is read first. */
export type Movement = 'connections' | 'segments' | 'none';

/**
 * Compares counters with those of the last reading. Segments alone say that a state may have changed:
 * a peer's end of file makes a CLOSE_WAIT and no counter of connections knows it.
 */
export function movementSince(
  before: { counters: NetCounters; sockstat: Sockstat | undefined },
  now: { counters: NetCounters; sockstat: Sockstat | undefined },
): Movement {
  for (const name of OPENED_OR_CLOSED) {
    if (before.counters[name] !== now.counters[name]) return 'connections';
  }
  if (before.sockstat?.tcp !== now.sockstat?.tcp || before.sockstat?.udp !== now.sockstat?.udp) return 'connections';
  return before.counters.TcpInSegs === now.counters.TcpInSegs ? 'none' : 'segments';
}
