/** Packet, netlink and vsock sockets as table and as rows. Endpoints are those that ss of iproute2 6.1 prints. */
import { describe, expect, it } from 'vitest';
import { socketRow } from '../../../src/model/socket/make-socket-row.ts';
import type { SocketRow } from '../../../src/model/socket/socket-row.ts';
import { ByteWriter } from '../../../src/render/byte-writer.ts';
import { renderOtherSockets } from '../../../src/render/other-table.ts';
import { renderInetSockets, renderUnixSockets } from '../../../src/render/socket-table.ts';
import { type PlainSocket, storedSockets } from '../../support/plain-socket.ts';
import { tcpSocket } from '../../support/series.ts';

const { local: _local, peer: _peer, info: _info, ...none } = tcpSocket({ state: 7, localPort: 0, peerPort: 0 });
const plain: PlainSocket = { ...none, receiveQueue: 0, sendQueue: 0, inode: 0 };

const SOCKETS = storedSockets([
  { ...plain, proto: 'packet', family: 'packet', socketType: 3, protocol: 3, inode: 1, drops: 4 },
  { ...plain, proto: 'packet', family: 'packet', socketType: 2, protocol: 0x806, interfaceIndex: 2, inode: 2 },
  { ...plain, proto: 'packet', family: 'packet', socketType: 3, protocol: 0x88b5, interfaceIndex: 9, inode: 3 },
  { ...plain, proto: 'netlink', family: 'netlink', protocol: 0, inode: 4 },
  { ...plain, proto: 'netlink', family: 'netlink', protocol: 15, localPort: 4711, groups: '400000011', inode: 5 },
  {
    ...plain,
    proto: 'netlink',
    family: 'netlink',
    protocol: 77,
    localPort: 8,
    peerPort: 9,
    peerId: 3,
    state: 1,
    inode: 6,
  },
  {
    ...plain,
    ...{ proto: 'vsock', family: 'vsock', socketType: 1, state: 10, localPort: 1024, peerPort: 0xffffffff, inode: 7 },
    ...{ localId: 0xffffffff, peerId: 0xffffffff },
  },
  {
    ...plain,
    ...{ proto: 'vsock', family: 'vsock', socketType: 1, state: 1, localPort: 1024, peerPort: 70000, inode: 8 },
    ...{ localId: 3, peerId: 2 },
  },
]);

const context = { deviceName: (index: number) => (index === 2 ? 'eth0' : undefined) };

function rows(): SocketRow[] {
  const made: SocketRow[] = [];
  SOCKETS.each((socket) => {
    made.push(socketRow(socket, context));
  });
  return made;
}

describe('the table', () => {
  it('has the endpoints of ss, and groups', () => {
    const out = new ByteWriter();
    renderOtherSockets(out, SOCKETS, { ...context, processes: false });
    const text = new TextDecoder().decode(out.bytes()).trimEnd().split('\n');
    expect(text.map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['Proto', 'Recv-Q', 'Send-Q', 'Type', 'Local Address', 'Peer Address', 'State', 'Groups'],
      ['packet', '0', '0', 'raw', '*:*', '*', 'CLOSE'],
      ['packet', '0', '0', 'dgram', 'arp:eth0', '*', 'CLOSE'],
      ['packet', '0', '0', 'raw', '[34997]:if9', '*', 'CLOSE'],
      ['netlink', '0', '0', 'rtnl:kernel', '*', 'CLOSE'],
      ['netlink', '0', '0', 'uevent:4711', '*', 'CLOSE', '1,5,35'],
      ['netlink', '0', '0', '77:8', '3:9', 'ESTABLISHED'],
      ['vsock', '0', '0', 'stream', '*:1024', '*:*', 'LISTEN'],
      ['vsock', '0', '0', 'stream', '3:1024', '2:70000', 'ESTABLISHED'],
    ]);
  });

  it('of internet and of UNIX sockets has none of them', () => {
    const out = new ByteWriter();
    renderInetSockets(out, SOCKETS, { processes: false });
    renderUnixSockets(out, SOCKETS, { processes: false });
    expect(out.length).toBe(0);
  });
});

describe('rows', () => {
  it('of packet sockets', () => {
    const [all, arp, numbered] = rows();
    expect(all).toMatchObject({ proto: 'packet', type: 'raw', protocol: 3, protocolName: 'all', drops: 4 });
    expect(all).not.toHaveProperty('device');
    expect(arp).toMatchObject({ type: 'dgram', protocol: 0x806, protocolName: 'arp', device: 'eth0' });
    expect(numbered).toMatchObject({ protocol: 0x88b5, device: 'if9' });
    expect(numbered).not.toHaveProperty('protocolName');
  });

  it('of netlink sockets', () => {
    const [kernel, uevent, connected] = rows().slice(3);
    expect(kernel).toMatchObject({ proto: 'netlink', protocol: 0, protocolName: 'rtnl', portId: 0, groups: [] });
    expect(uevent).toMatchObject({ protocolName: 'uevent', portId: 4711, groups: [1, 5, 35] });
    expect(uevent).not.toHaveProperty('peer');
    expect(connected).toMatchObject({ protocol: 77, portId: 8, peer: { portId: 9, group: 3 }, state: 'ESTABLISHED' });
  });

  it('of vsock sockets, null for any', () => {
    const [listener, connection] = rows().slice(6);
    const any = { cid: null, port: null };
    expect(listener).toMatchObject({ proto: 'vsock', type: 'stream', local: { cid: null, port: 1024 }, peer: any });
    expect(connection).toMatchObject({ local: { cid: 3, port: 1024 }, peer: { cid: 2, port: 70000 } });
  });
});
