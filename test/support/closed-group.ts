import type { ClosedGroup } from '../../src/model/sample/closed-group.ts';

/** Counts of closed connections as the sampler makes them; by default clients of a database. */
export function closedGroup(count: number, parts: Partial<ClosedGroup> = {}): ClosedGroup {
  return {
    proto: 'tcp',
    role: 'client',
    outcome: 'closed',
    peerAddress: '10.0.0.3',
    peerPort: 3306,
    localPort: 0,
    count,
    shortLived: 0,
    greetedOnly: 0,
    silent: 0,
    bytesSent: 0,
    bytesReceived: 0,
    retransmits: 0,
    ...parts,
  };
}
