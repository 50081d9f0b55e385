/** Tables as Linux 6.18 prints them. */
import { describe, expect, it } from 'vitest';
import type { SocketSource } from '../../../src/model/socket/socket-view.ts';
import { ProcIcmpTables } from '../../../src/procfs/net-icmp.ts';
import { ProcNetlinkTable } from '../../../src/procfs/net-netlink.ts';
import { ProcPacketTable } from '../../../src/procfs/net-packet.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function rows<T>(source: SocketSource, read: (socket: Parameters<Parameters<SocketSource['each']>[0]>[0]) => T): T[] {
  const found: T[] = [];
  source.each((socket) => {
    found.push(read(socket));
  });
  return found;
}

describe('/proc/net/packet', () => {
  it('has protocol, interface, memory and user', () => {
    const table = new ProcPacketTable(
      bytes(`sk               RefCnt Type Proto  Iface R Rmem   User   Inode
000000009a4d9a1e 3      3    0003   0     1 0      0      20533
00000000b4c0d0ba 3      2    0806   2     1 768    1000   20534
`),
    );
    const read = rows(table, ({ socketType, protocol, interfaceIndex, receiveQueue, uid, inode, state, sendQueue }) => [
      ...[socketType, protocol, interfaceIndex, receiveQueue, uid, inode, state, sendQueue],
    ]);
    expect(read).toEqual([
      [3, 3, 0, 0, 0, 20533, 7, undefined],
      [2, 0x806, 2, 768, 1000, 20534, 7, undefined],
    ]);
  });
});

describe('/proc/net/netlink', () => {
  it('has family, port id, groups and drops', () => {
    const table = new ProcNetlinkTable(
      bytes(`sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
000000007b680b77 0   0          00000000 0        0        0     2        0        4
000000009fc81afe 15  4294966000 80000011 768      256      0     2        5        1504
`),
    );
    const read = rows(table, (socket) => [
      ...[socket.protocol, socket.localPort, socket.groups(), socket.receiveQueue, socket.sendQueue, socket.drops()],
      socket.inode,
    ]);
    expect(read).toEqual([
      [0, 0, 0n, 0, 0, 0, 4],
      [15, 4294966000, 0x80000011n, 768, 256, 5, 1504],
    ]);
  });
});

describe('/proc/net/icmp and icmp6', () => {
  const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const v4 = (address: string, inode: number) =>
    `   51: ${address}:1092 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 ${inode} 2 0 0\n`;
  const zeros = '0'.repeat(32);
  const v6 = (address: string, inode: number) =>
    `   51: ${address}:1092 ${zeros}:0000 07 00000000:00000000 00:00000000 00000000     0        0 ${inode} 2 0 0\n`;
  const LOOPBACK6 = '00000000000000000000000001000000';
  const both = { inet: true, inet6: true };
  const families = (inet: string, inet6: string | undefined, wants = both) =>
    rows(
      new ProcIcmpTables(bytes(HEAD + inet), inet6 === undefined ? undefined : bytes(HEAD + inet6), wants),
      ({ family, inode, localPort }) => [family, inode, localPort],
    );

  it('a socket that is in the file of the other family too is one of its own', () => {
    const inet6 = v6(LOOPBACK6, 12) + v6(zeros, 11);
    expect(families(v4('0100007F', 11), inet6)).toEqual([
      ['inet', 11, 0x1092],
      ['inet6', 12, 0x1092],
    ]);
    expect(families(v4('0100007F', 11) + v4('00000000', 12), v6(LOOPBACK6, 12))).toEqual([
      ['inet', 11, 0x1092],
      ['inet6', 12, 0x1092],
    ]);
    expect(families(v4('0100007F', 11), inet6, { inet: false, inet6: true })).toEqual([['inet6', 12, 0x1092]]);
  });

  it('a kernel without IPv6 has one file', () => {
    expect(families(v4('00000000', 11), undefined)).toEqual([['inet', 11, 0x1092]]);
  });
});
