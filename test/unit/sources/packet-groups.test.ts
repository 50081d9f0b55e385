import { describe, expect, it } from 'vitest';
import { PACKET_RECORD } from '../../../src/bpf/programs/packet-events.ts';
import { RecordTable } from '../../../src/bpf/record-table.ts';
import type { PacketEvent } from '../../../src/model/socket/packet-event.ts';
import { PacketSocket } from '../../../src/sources/live/events/packet-socket.ts';
import { PacketGroups } from '../../../src/sources/series/packet-groups.ts';

/** An event between 10.0.0.2 and 10.0.0.PEER, as far as groups look at it. */
function event(
  parts: Partial<PacketEvent>,
  { localPort = 40_000, peerPort = 3306, peer = 3, state = 1 } = {},
): PacketEvent {
  const bytes = Buffer.alloc(PACKET_RECORD.size);
  const at = (field: Parameters<typeof PACKET_RECORD.place>[0]) => PACKET_RECORD.place(field).offset;
  bytes.writeUInt16LE(2, at('family'));
  bytes.set([10, 0, 0, 2], at('local'));
  bytes.set([10, 0, 0, peer], at('peer'));
  bytes.writeUInt16BE(localPort, at('localPort'));
  bytes.writeUInt16BE(peerPort, at('peerPort'));
  bytes.writeUInt8(state, at('state'));
  const socket = new PacketSocket();
  const proto = parts.proto ?? 'tcp';
  socket.moveTo(new RecordTable(PACKET_RECORD, bytes), 0, proto);
  return { kind: 'retransmitted', proto, socket, isServer: false, reason: undefined, ...parts } as PacketEvent;
}

function grouped(...events: readonly PacketEvent[]) {
  const groups = new PacketGroups();
  for (const one of events) groups.add(one);
  return groups.take();
}

describe('PacketGroups', () => {
  it('of a client: by the endpoint that it talks to, whatever its own port', () => {
    expect(
      grouped(
        event({ segments: 2 }),
        event({ segments: 1 }, { localPort: 40_001 }),
        event({ segments: 4 }, { peer: 4 }),
        event({ segments: 1 }, { state: 2 }),
      ),
    ).toMatchObject([
      { peerAddress: '10.0.0.3', peerPort: 3306, localPort: 0, count: 2, segments: 3, isRequest: false },
      { peerAddress: '10.0.0.4', peerPort: 3306, localPort: 0, count: 1, segments: 4, isRequest: false },
      { peerAddress: '10.0.0.3', peerPort: 3306, localPort: 0, count: 1, segments: 1, isRequest: true },
    ]);
  });

  it('of a server, a port where nobody listens, and a receiver: by its own port', () => {
    const ends = { localPort: 80, peerPort: 50_000 };
    expect(
      grouped(
        event({ kind: 'reset-sent', isServer: true, reason: 'TCP_ABORT_ON_DATA' }, ends),
        event({ kind: 'reset-sent', isServer: true, reason: 'TCP_ABORT_ON_DATA' }, { ...ends, peerPort: 50_001 }),
        event({ kind: 'reset-sent', reason: 'NO_SOCKET' }, ends),
        event({ kind: 'dropped', proto: 'udp', reason: 'SOCKET_RCVBUFF' }, ends),
      ),
    ).toMatchObject([
      { localAddress: '10.0.0.2', localPort: 80, peerPort: 0, reason: 'TCP_ABORT_ON_DATA', count: 2 },
      { localPort: 80, peerPort: 0, reason: 'NO_SOCKET', count: 1 },
      { localPort: 80, peerPort: 0, proto: 'udp', reason: 'SOCKET_RCVBUFF', count: 1 },
    ]);
  });

  it('the same event again and again is counted, and taken once', () => {
    const groups = new PacketGroups();
    const storm = event({ kind: 'dropped', proto: 'udp', reason: 'SOCKET_RCVBUFF' });
    for (let count = 0; count < 1000; count++) groups.add(storm);
    groups.add(event({ kind: 'dropped', proto: 'udp', reason: 'NO_SOCKET' }));
    expect(groups.take()).toMatchObject([{ count: 1000 }, { count: 1 }]);
    expect(groups.take()).toEqual([]);
    groups.add(storm);
    expect(groups.take()).toMatchObject([{ count: 1 }]);
  });
});
