import type { ClosedGroup } from '../../src/model/sample/closed-group.ts';

/** A tally of connections that ended, as the sampler would have made it: clients of a database unless told otherwise. */
export function ended(count: number, parts: Partial<ClosedGroup> = {}): ClosedGroup {
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
