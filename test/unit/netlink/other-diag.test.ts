import { describe, expect, it } from 'vitest';
import { WireError } from '../../../src/netlink/netlink.ts';
import { NetlinkDiagCursor, netlinkDumpRequest } from '../../../src/netlink/netlink-diag.ts';
import { PacketDiagCursor, packetDumpRequest } from '../../../src/netlink/packet-diag.ts';
import { VsockDiagCursor, vsockDumpRequest } from '../../../src/netlink/vsock-diag.ts';
import { hex, viewOf } from '../../support/hex.ts';

function on<C extends { moveTo(view: DataView, offset: number, length: number): void }>(cursor: C, text: string): C {
  const bytes = hex(text);
  cursor.moveTo(viewOf(bytes), 0, bytes.length);
  return cursor;
}

describe('requests', () => {
  it('packet: struct packet_diag_req', () => {
    expect(packetDumpRequest({ sequence: 9 })).toEqual(
      hex(`
        24000000 1400 0103 09000000 00000000 # nlmsghdr: 36 bytes, SOCK_DIAG_BY_FAMILY, a dump
        11 00 0000                           # AF_PACKET, protocol 0, pad
        00000000 11000000                    # pdiag_ino; pdiag_show: INFO 1, MEMINFO 16
        ffffffff ffffffff                    # pdiag_cookie
      `),
    );
  });

  it('netlink: struct netlink_diag_req', () => {
    expect(netlinkDumpRequest({ sequence: 9 })).toEqual(
      hex(`
        24000000 1400 0103 09000000 00000000
        10 ff 0000                           # AF_NETLINK, NDIAG_PROTO_ALL, pad
        00000000 03000000                    # ndiag_ino; ndiag_show: MEMINFO 1, GROUPS 2
        ffffffff ffffffff
      `),
    );
  });

  it('vsock: struct vsock_diag_req', () => {
    expect(vsockDumpRequest({ states: 0x482, sequence: 9 })).toEqual(
      hex(`
        28000000 1400 0103 09000000 00000000
        28 00 0000                           # AF_VSOCK, protocol 0, pad
        82040000 00000000 00000000           # vdiag_states, vdiag_ino, vdiag_show
        ffffffff ffffffff
      `),
    );
  });
});

describe('PacketDiagCursor', () => {
  const HEAD = '11 03 0608 78563412 44332211 88776655 # AF_PACKET, SOCK_RAW, ETH_P_ARP, ino, cookie\n';

  it('reads struct packet_diag_msg with its attributes', () => {
    const cursor = on(
      new PacketDiagCursor(),
      `${HEAD}
      1c00 0000 02000000 02000000 00000000 00000000 00000000 00000000 # PACKET_DIAG_INFO: interface 2
      0800 0500 e8030000                                              # PACKET_DIAG_UID: 1000
      2800 0600 00030000 00400300 00010000 00400300 00000000          # PACKET_DIAG_MEMINFO: rmem 768, rcvbuf, wmem 256
                00000000 00000000 00000000 07000000                   # …, drops 7`,
    );
    expect(cursor).toMatchObject({
      proto: 'packet',
      family: 'packet',
      state: 7,
      socketType: 3,
      protocol: 0x0806,
      inode: 0x12345678,
      cookieLow: 0x11223344,
      cookieHigh: 0x55667788,
      interfaceIndex: 2,
      uid: 1000,
      receiveQueue: 768,
      sendQueue: 256,
      localPort: 0,
      peerPort: 0,
    });
    expect(cursor.drops()).toBe(7);
    expect(cursor.receiveBufferBytes()).toBe(0x34000);
  });

  it('knows nothing that was not sent', () => {
    const cursor = on(new PacketDiagCursor(), HEAD);
    expect(cursor).toMatchObject({ interfaceIndex: 0, uid: undefined, receiveQueue: undefined });
    expect(cursor.drops()).toBeUndefined();
  });

  it('refuses a shorter structure', () => {
    expect(() => on(new PacketDiagCursor(), '11 03 0608')).toThrow(WireError);
  });
});

describe('NetlinkDiagCursor', () => {
  const head = (state: string) =>
    `10 03 0f ${state} d2040000 2a000000 03000000 78563412 44332211 88776655 # AF_NETLINK, RAW, UEVENT, state, portid …\n`;

  it('reads struct netlink_diag_msg with its attributes', () => {
    const cursor = on(
      new NetlinkDiagCursor(),
      `${head('01')}
      0c00 0100 11000000 04000000 # NETLINK_DIAG_GROUPS: bits 0, 4 and 34
      2800 0000 00030000 00400300 00010000 00400300 00000000 00000000 00000000 00000000 02000000 # MEMINFO`,
    );
    expect(cursor).toMatchObject({
      proto: 'netlink',
      state: 1,
      socketType: 3,
      protocol: 15,
      localPort: 1234,
      peerPort: 42,
      inode: 0x12345678,
      cookieHigh: 0x55667788,
      uid: undefined,
      receiveQueue: 768,
      sendQueue: 256,
    });
    expect(cursor.peerWord(0)).toBe(3);
    expect(cursor.groups()).toBe((1n << 0n) | (1n << 4n) | (1n << 34n));
    expect(cursor.drops()).toBe(2);
  });

  it.each(['00', '07'])('is unconnected in state %s, in no group without the attribute', (state) => {
    const cursor = on(new NetlinkDiagCursor(), head(state));
    expect(cursor.state).toBe(7);
    expect(cursor.groups()).toBe(0n);
  });
});

describe('VsockDiagCursor', () => {
  it('reads struct vsock_diag_msg', () => {
    const cursor = on(
      new VsockDiagCursor(),
      `28 01 0a 00          # AF_VSOCK, SOCK_STREAM, LISTEN, shutdown
       ffffffff 00040000    # any CID, port 1024
       03000000 ffffffff    # CID 3, any port
       78563412 44332211 88776655`,
    );
    expect(cursor).toMatchObject({
      proto: 'vsock',
      family: 'vsock',
      socketType: 1,
      state: 10,
      localPort: 1024,
      peerPort: 0xffffffff,
      inode: 0x12345678,
      cookieLow: 0x11223344,
      receiveQueue: undefined,
      uid: undefined,
    });
    expect([cursor.localWord(0), cursor.peerWord(0), cursor.localWord(1)]).toEqual([0xffffffff, 3, 0]);
  });
});
