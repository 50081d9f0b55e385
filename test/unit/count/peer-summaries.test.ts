import { describe, expect, it } from 'vitest';
import { PeerSummaries } from '../../../src/count/peer-summaries.ts';
import type { ConnectionEventRow } from '../../../src/model/socket/connection-event.ts';

function closed(values: Partial<ConnectionEventRow> = {}): ConnectionEventRow {
  return {
    event: 'closed',
    source: 'sock_diag',
    at: new Date(0),
    target: 'web',
    proto: 'tcp',
    family: 'inet',
    role: 'client',
    outcome: 'closed',
    cookie: '1',
    local: { address: '10.0.0.1', port: 40_000 },
    peer: { address: '10.0.0.2', port: 3306, name: 'db' },
    lifetime: { atLeastMs: 1 },
    ...values,
  };
}

describe('PeerSummaries', () => {
  it('sums up by the endpoint of a service, and by the address of clients', () => {
    const summaries = new PeerSummaries();
    summaries.add(closed({ bytesSent: 10, bytesReceived: 20, retransmits: 1 }));
    summaries.add(closed({ bytesSent: 5, outcome: 'refused' }));
    for (const port of [1, 2, 3]) summaries.add(closed({ role: 'server', peer: { address: '10.0.0.9', port } }));
    expect(summaries.connections).toBe(5);
    expect(summaries.peers()).toEqual([
      {
        peer: '10.0.0.9',
        role: 'server',
        connections: 3,
        outcomes: { closed: 3 },
        bytesSent: 0,
        bytesReceived: 0,
        retransmits: 0,
        lifetime: { meanMs: 1, longestMs: 1 },
      },
      {
        peer: '10.0.0.2:3306',
        name: 'db',
        role: 'client',
        connections: 2,
        outcomes: { closed: 1, refused: 1 },
        bytesSent: 15,
        bytesReceived: 20,
        retransmits: 1,
        lifetime: { meanMs: 1, longestMs: 1 },
      },
    ]);
  });

  it('lifetimes: mean and longest of those that are known', () => {
    const summaries = new PeerSummaries();
    for (const atLeastMs of [100, 200, 600]) summaries.add(closed({ lifetime: { atLeastMs, atMostMs: 1000 } }));
    summaries.add(closed({ lifetime: { atLeastMs: 0 } }));
    expect(summaries.peers()).toMatchObject([{ connections: 4, lifetime: { meanMs: 300, longestMs: 600 } }]);
    const unknown = new PeerSummaries();
    unknown.add(closed({ lifetime: { atLeastMs: 0 } }));
    expect(unknown.peers()[0]?.lifetime).toBeUndefined();
  });

  it('writes IPv6 in brackets, mapped addresses plain, and a lost port as *', () => {
    const summaries = new PeerSummaries();
    summaries.add(closed({ peer: { address: '2001:db8::1', port: 80 } }));
    summaries.add(closed({ role: 'server', peer: { address: '::ffff:10.0.0.7', port: 5 } }));
    summaries.add(closed({ peer: { address: '10.0.0.2', port: 0 } }));
    expect(summaries.peers().map(({ peer }) => peer)).toEqual(['[2001:db8::1]:80', '10.0.0.7', '10.0.0.2:*']);
  });

  it('separates ten thousand peers and sums up the others', () => {
    const summaries = new PeerSummaries();
    for (let index = 0; index < 10_010; index++) {
      summaries.add(closed({ peer: { address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, port: 80 } }));
    }
    const peers = summaries.peers();
    expect(peers).toHaveLength(10_001);
    expect(peers.at(-1)).toMatchObject({ peer: 'others', connections: 10 });
    expect(peers.reduce((sum, { connections }) => sum + connections, 0)).toBe(10_010);
  });

  it('takes an end that stands for others as so many', () => {
    const summaries = new PeerSummaries();
    summaries.add(closed({ count: 3, bytesSent: 10, retransmits: 1, lifetime: { atLeastMs: 4 } }));
    summaries.add(closed({ bytesSent: 2, lifetime: { atLeastMs: 8 } }));
    const expected = { connections: 4, outcomes: { closed: 4 }, bytesSent: 32, retransmits: 3 };
    expect(summaries.connections).toBe(4);
    expect(summaries.peers()).toMatchObject([{ ...expected, lifetime: { meanMs: 5, longestMs: 8 } }]);
  });
});
