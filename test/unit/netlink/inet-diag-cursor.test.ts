import { describe, expect, it } from 'vitest';
import type { Proto } from '../../../src/model/socket/socket-view.ts';
import { InetDiagCursor } from '../../../src/netlink/inet-diag-cursor.ts';
import { WireError } from '../../../src/netlink/netlink.ts';
import { concat, hex, viewOf } from '../../support/hex.ts';

/** struct inet_diag_msg, include/uapi/linux/inet_diag.h, with a value of its own in each field. */
const ESTABLISHED = hex(`
  02                # idiag_family: AF_INET
  01                # idiag_state: TCP_ESTABLISHED
  02                # idiag_timer: keepalive
  03                # idiag_retrans
  1f90              # id.idiag_sport: 8080, network order
  9c40              # id.idiag_dport: 40000
  0a000102 00000000 00000000 00000000   # id.idiag_src: 10.0.1.2
  c0a80a14 00000000 00000000 00000000   # id.idiag_dst: 192.168.10.20
  07000000          # id.idiag_if
  44332211          # id.idiag_cookie[0]
  88776655          # id.idiag_cookie[1]
  bc920400          # idiag_expires: 299708
  d2040000          # idiag_rqueue: 1234
  65000000          # idiag_wqueue: 101
  e8030000          # idiag_uid: 1000
  78563412          # idiag_inode: 0x12345678
  0500 0800 00 000000                    # INET_DIAG_SHUTDOWN
  0c00 1500 2a00000001000000             # INET_DIAG_CGROUP_ID: 0x10000002a
  0600 1600 5200 0000                    # INET_DIAG_SOCKOPT
  2800 0700                              # INET_DIAG_SKMEMINFO: nine words
  01000000 02000000 03000000 04000000 05000000 06000000 07000000 08000000
  2c000000                               # … the last of them drops: 44
  1000 0200 01 00 02 00 00 07 00 00 400d0300   # INET_DIAG_INFO, cut after tcpi_rto
`);

function cursorOn(bytes: Uint8Array, proto: Proto = 'tcp') {
  const cursor = new InetDiagCursor(proto);
  cursor.moveTo(viewOf(bytes), 0, bytes.length);
  return cursor;
}

const words = (word: (index: 0 | 1 | 2 | 3) => number) => ([0, 1, 2, 3] as const).map(word);

describe('InetDiagCursor', () => {
  it('reads every field of a connection', () => {
    const cursor = cursorOn(ESTABLISHED);
    expect(cursor).toMatchObject({
      proto: 'tcp',
      family: 'inet',
      state: 1,
      timer: 2,
      retransmits: 3,
      localPort: 8080,
      peerPort: 40_000,
      interfaceIndex: 7,
      cookieLow: 0x11223344,
      cookieHigh: 0x55667788,
      timerExpiresMs: 299_708,
      receiveQueue: 1234,
      sendQueue: 101,
      uid: 1000,
      inode: 0x12345678,
      socketType: 0,
      peerInode: 0,
    });
    expect(words((index) => cursor.localWord(index))).toEqual([0x0a000102, 0, 0, 0]);
    expect(words((index) => cursor.peerWord(index))).toEqual([0xc0a80a14, 0, 0, 0]);
    expect(cursor.unixName()).toBeUndefined();
  });

  it('reads the attributes', () => {
    const cursor = cursorOn(ESTABLISHED);
    expect(cursor.cgroupId()).toBe(0x10000002an);
    expect(cursor.drops()).toBe(44);
    expect(cursor.receiveMemoryBytes()).toBe(1);
    expect(cursor.receiveBufferBytes()).toBe(2);
    expect(cursor.tcpInfo()).toEqual({
      caState: 0,
      retransmits: 2,
      probes: 0,
      backoff: 0,
      options: 7,
      rtoUs: 200_000,
      sendWindowScale: 0,
      receiveWindowScale: 0,
      deliveryRateAppLimited: false,
    });
  });

  it('has no TCP information for MPTCP, whose INFO is another structure', () => {
    expect(cursorOn(ESTABLISHED, 'mptcp').tcpInfo()).toBeUndefined();
  });

  it('reads an IPv4-mapped connection', () => {
    const mapped = hex(`
      0a 01 00 00 e8b7 b71e             # AF_INET6, ESTABLISHED, no timer, ports 59575 and 46878
      00000000 00000000 0000ffff 7f000001   # ::ffff:127.0.0.1
      00000000 00000000 0000ffff 7f000002   # ::ffff:127.0.0.2
      00000000 93000000 00000000 00000000 00000000 00000000 00000000 cef80200
    `);
    const cursor = cursorOn(mapped);
    expect(cursor).toMatchObject({ family: 'inet6', localPort: 59_575, peerPort: 46_878, inode: 194_766 });
    expect(words((index) => cursor.localWord(index))).toEqual([0, 0, 0xffff, 0x7f000001]);
    expect(words((index) => cursor.peerWord(index))).toEqual([0, 0, 0xffff, 0x7f000002]);
  });

  it('reads words with the highest bit set as positive numbers', () => {
    const bytes = ESTABLISHED.slice(0, 72).fill(0xff);
    expect(cursorOn(bytes)).toMatchObject({ uid: 0xffffffff, inode: 0xffffffff, cookieHigh: 0xffffffff });
    expect(cursorOn(bytes).localWord(0)).toBe(0xffffffff);
  });

  // The next two rows are of test/fixtures/sock-diag/tcp4-everything.hex, without their headers.
  it('reads a TIME_WAIT entry: a countdown, and no owner', () => {
    const timeWait = hex(`
      02 06 03 00       # AF_INET, TIME_WAIT, timer: TIME_WAIT countdown, retrans
      a39e 81d9         # ports 41886 and 33241
      7f000001 00000000 00000000 00000000 7f000001 00000000 00000000 00000000
      00000000          # interface
      7d000000 00000000 # cookie: 125
      28e90000          # expires: 59688
      00000000 00000000 # queues
      00000000          # uid
      00000000          # inode
      0800 0f00 00000000 # INET_DIAG_MARK: 0
    `);
    const cursor = cursorOn(timeWait);
    expect(cursor).toMatchObject({
      state: 6,
      timer: 3,
      retransmits: 0,
      localPort: 41_886,
      peerPort: 33_241,
      timerExpiresMs: 59_688,
      cookieLow: 125,
      cookieHigh: 0,
      receiveQueue: 0,
      sendQueue: 0,
      uid: 0,
      inode: 0,
    });
    expect(cursor.tcpInfo()).toBeUndefined();
    expect(cursor.cgroupId()).toBeUndefined();
    expect(cursor.drops()).toBeUndefined();
  });

  it('reads a half-open entry', () => {
    const synReceived = hex(`
      02 03 01 00       # AF_INET, SYN_RECV, timer: retransmission, retrans
      90a1 9982         # ports 37025 and 39298
      7f000001 00000000 00000000 00000000 7f000001 00000000 00000000 00000000
      00000000 79000000 00000000
      a4020000          # expires: 676
      00000000 00000000 00000000 00000000
      0800 0f00 00000000
    `);
    expect(cursorOn(synReceived)).toMatchObject({
      state: 3,
      timer: 1,
      localPort: 37_025,
      peerPort: 39_298,
      timerExpiresMs: 676,
      uid: 0,
      inode: 0,
    });
  });

  it('treats an attribute that is too short as absent', () => {
    const head = ESTABLISHED.slice(0, 72);
    expect(cursorOn(concat(head, hex('0800 1500 2a000000'))).cgroupId()).toBeUndefined();
    // Older kernels have no ninth word.
    const eight = hex(`2400 0700 ${'ffffffff'.repeat(8)}`);
    expect(cursorOn(concat(head, eight)).drops()).toBeUndefined();
  });

  it('does not read past its message', () => {
    const bytes = concat(ESTABLISHED.slice(0, 72), hex('0c00 1500 2a00000001000000'));
    const cursor = new InetDiagCursor('tcp');
    cursor.moveTo(viewOf(bytes), 0, 72);
    expect(cursor.cgroupId()).toBeUndefined();
  });

  it('moves to the next message', () => {
    const bytes = concat(ESTABLISHED, new Uint8Array(72).fill(1));
    const cursor = cursorOn(bytes);
    cursor.moveTo(viewOf(bytes), ESTABLISHED.length, 72);
    expect(cursor.inode).toBe(0x01010101);
  });

  it.each([
    ['a short payload', 0, 71],
    ['an empty payload', 0, 0],
    ['a payload past the bytes', 1, ESTABLISHED.length],
    ['a payload that begins behind the bytes', ESTABLISHED.length + 8, 72],
  ])('refuses %s', (_, offset, length) => {
    const cursor = new InetDiagCursor('tcp');
    expect(() => cursor.moveTo(viewOf(ESTABLISHED), offset, length)).toThrow(WireError);
  });
});
