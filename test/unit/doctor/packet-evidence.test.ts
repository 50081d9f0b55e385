import { describe, expect, it } from 'vitest';
import { droppedSenders, resetsFrom, retransmittedTo } from '../../../src/doctor/packets/packet-evidence.ts';
import type { PacketGroup } from '../../../src/model/sample/packet-group.ts';
import { series, spaceSeries } from '../../support/series.ts';

function group(parts: Partial<PacketGroup>): PacketGroup {
  return {
    kind: 'retransmitted',
    proto: 'tcp',
    localAddress: '10.0.0.2',
    localPort: 0,
    peerAddress: '10.0.0.3',
    peerPort: 3306,
    isRequest: false,
    count: 1,
    segments: 0,
    ...parts,
  };
}

/** A series of one namespace, with the groups in two samples. */
function seen(...groups: readonly PacketGroup[]) {
  const netns = spaceSeries([{ packets: groups.slice(0, 1) }, {}, { packets: groups.slice(1) }]);
  return { netns, all: series([netns]) };
}

describe('packet events as evidence', () => {
  it('nothing where there are none', () => {
    const { netns, all } = seen();
    expect(retransmittedTo(all, netns)).toEqual([]);
    expect(resetsFrom(all, netns, '10.0.0.3', 3306)).toEqual([]);
    expect(droppedSenders(all, netns)).toEqual([]);
  });

  it('retransmissions: segments by peer, the most first, without connection requests', () => {
    const { netns, all } = seen(
      group({ segments: 3 }),
      group({ segments: 4 }),
      group({ peerAddress: '10.0.0.4', segments: 9 }),
      group({ peerAddress: '10.0.0.5', segments: 100, isRequest: true }),
      group({ peerAddress: '10.0.0.6', peerPort: 0, localPort: 80, segments: 1 }),
    );
    const source = 'tcp_retransmit_skb';
    expect(retransmittedTo(all, netns)).toEqual([
      { what: 'retransmitted to 10.0.0.4:3306', value: 9, unit: 'segments', source },
      { what: 'retransmitted to 10.0.0.3:3306', value: 7, unit: 'segments', source },
      { what: 'retransmitted to 10.0.0.6', value: 1, unit: 'segments', source },
    ]);
    expect(retransmittedTo(all, netns, { address: '10.0.0.3', port: 3306 })).toHaveLength(1);
  });

  it('resets by an endpoint of this machine: with the reasons of the kernel', () => {
    const ends = { localAddress: '127.0.0.1', localPort: 99, peerAddress: '127.0.0.1', peerPort: 0 };
    const { netns, all } = seen(
      group({ ...ends, kind: 'reset-sent', reason: 'NO_SOCKET', count: 5 }),
      group({ ...ends, kind: 'reset-sent', reason: 'NOT_SPECIFIED', count: 50 }),
      group({ ...ends, kind: 'reset-sent', reason: 'NO_SOCKET', localPort: 98, count: 7 }),
      group({ ...ends, kind: 'reset-received', localPort: 0, peerPort: 99, count: 5 }),
    );
    expect(resetsFrom(all, netns, '127.0.0.1', 99)).toEqual([
      { what: 'resets by 127.0.0.1:99, NO_SOCKET', value: 5, unit: 'resets', source: 'tcp_send_reset' },
    ]);
  });

  it('resets by another machine, or without a reason: as they were received', () => {
    const { netns, all } = seen(
      group({ kind: 'reset-received', count: 4 }),
      group({ kind: 'reset-received', peerPort: 3307, count: 40 }),
    );
    expect(resetsFrom(all, netns, '10.0.0.3', 3306)).toEqual([
      { what: 'resets by 10.0.0.3:3306', value: 4, unit: 'resets', source: 'tcp_receive_reset' },
    ]);
  });

  it('dropped datagrams: from whom to whom, of a full buffer only', () => {
    const ends = { kind: 'dropped', proto: 'udp', localPort: 514, peerPort: 0 } as const;
    const { netns, all } = seen(
      group({ ...ends, reason: 'SOCKET_RCVBUFF', count: 10 }),
      group({ ...ends, reason: 'NO_SOCKET', count: 99 }),
      group({ ...ends, reason: 'SOCKET_RCVBUFF', localPort: 8125, count: 3 }),
    );
    const what = 'dropped from 10.0.0.3 to 10.0.0.2:514';
    expect(droppedSenders(all, netns, 514)).toEqual([{ what, value: 10, unit: 'datagrams', source: 'kfree_skb' }]);
    expect(droppedSenders(all, netns)).toHaveLength(2);
  });
});
