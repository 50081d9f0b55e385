import { describe, expect, it } from 'vitest';
import { WireError } from '../../../src/netlink/netlink.ts';
import { UDIAG_SHOW, UnixDiagCursor, unixDumpRequest } from '../../../src/netlink/unix-diag.ts';
import { concat, hex, viewOf } from '../../support/hex.ts';

const text = (string: string) => new TextEncoder().encode(string);

/** struct unix_diag_msg, include/uapi/linux/unix_diag.h. */
const HEAD = hex(`
  01                # udiag_family: AF_UNIX
  01                # udiag_type: SOCK_STREAM
  0a                # udiag_state: TCP_LISTEN
  00                # pad
  78563412          # udiag_ino
  44332211          # udiag_cookie[0]
  88776655          # udiag_cookie[1]
`);

function cursorOn(bytes: Uint8Array) {
  const cursor = new UnixDiagCursor();
  cursor.moveTo(viewOf(bytes), 0, bytes.length);
  return cursor;
}

/** The name that a cursor finds in a UNIX_DIAG_NAME attribute (type 0) with this content. */
function nameOf(content: string) {
  const bytes = hex(content);
  const length = Buffer.from(Uint16Array.of(bytes.length + 4).buffer).toString('hex');
  return cursorOn(concat(HEAD, hex(`${length} 0000`), bytes)).unixName();
}

describe('unixDumpRequest', () => {
  it('is a struct unix_diag_req', () => {
    const show = UDIAG_SHOW.NAME | UDIAG_SHOW.PEER | UDIAG_SHOW.RQLEN | UDIAG_SHOW.UID;
    expect(unixDumpRequest({ states: 0xffffffff, show, sequence: 9 })).toEqual(
      hex(`
        28000000          # nlmsg_len: 16 + 24
        1400              # nlmsg_type: SOCK_DIAG_BY_FAMILY
        0103              # nlmsg_flags: a dump
        09000000          # nlmsg_seq
        00000000          # nlmsg_pid
        01                # sdiag_family: AF_UNIX
        00                # sdiag_protocol
        0000              # pad
        ffffffff          # udiag_states
        00000000          # udiag_ino: none in particular
        55000000          # udiag_show: NAME 1, PEER 4, RQLEN 16, UID 64
        ffffffff ffffffff # udiag_cookie: do not check
      `),
    );
  });
});

describe('UnixDiagCursor', () => {
  it('reads a listener', () => {
    const cursor = cursorOn(
      concat(
        HEAD,
        hex(`
          0b00 0000 2f72756e2f7300 00       # UNIX_DIAG_NAME: /run/s and a NUL, then padding
          0c00 0100 19c02000 00e00f00       # UNIX_DIAG_VFS
          0c00 0300 a0160300 a1160300       # UNIX_DIAG_ICONS: two waiting
          0c00 0400 02000000 80000000       # UNIX_DIAG_RQLEN: 2 waiting, at most 128
          0500 0600 00 000000               # UNIX_DIAG_SHUTDOWN
          0800 0700 e8030000                # UNIX_DIAG_UID: 1000
        `),
      ),
    );
    expect(cursor).toMatchObject({
      proto: 'unix',
      family: 'unix',
      socketType: 1,
      state: 10,
      inode: 0x12345678,
      cookieLow: 0x11223344,
      cookieHigh: 0x55667788,
      peerInode: 0,
      receiveQueue: 2,
      sendQueue: 128,
      uid: 1000,
      localPort: 0,
      peerPort: 0,
      timer: 0,
      timerExpiresMs: 0,
      retransmits: 0,
      interfaceIndex: 0,
    });
    expect(cursor.unixName()).toEqual(text('/run/s'));
    expect([cursor.localWord(), cursor.peerWord(), cursor.tcpInfo(), cursor.cgroupId(), cursor.drops()]).toEqual([
      0,
      0,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('reads a connected socket without a name; queues and user that were not requested are undefined', () => {
    const cursor = cursorOn(hex('01 05 01 00 a0160300 02300000 00000000  0800 0200 a1160300  # UNIX_DIAG_PEER'));
    expect(cursor).toMatchObject({
      socketType: 5,
      state: 1,
      inode: 202_400,
      peerInode: 202_401,
      receiveQueue: undefined,
      uid: undefined,
    });
    expect(cursor.unixName()).toBeUndefined();
  });

  it.each([
    ['a path without a NUL', '2f612062', text('/a b')],
    ['a path with several', '2f61000000', text('/a')],
    ['a path with controls, not UTF-8', '2f0a1bfffe', Uint8Array.of(0x2f, 0x0a, 0x1b, 0xff, 0xfe)],
    ['a relative path', '61', text('a')],
    ['an abstract name', '0061', text('\0a')],
    ['an abstract name with NUL inside and at its end', '0061006200', text('\0a\0b\0')],
    ['the abstract name of one NUL', '00', text('\0')],
  ])('gives %s as it was bound', (_, content, expected) => {
    expect(nameOf(content)).toEqual(expected);
  });

  it('treats an empty name as none', () => {
    expect(nameOf('')).toBeUndefined();
  });

  it('reads one queue from a queue attribute of one word', () => {
    expect(cursorOn(concat(HEAD, hex('0800 0400 02000000')))).toMatchObject({ receiveQueue: 2, sendQueue: undefined });
  });

  it('reads a name in a view that does not begin with its buffer', () => {
    const bytes = concat(new Uint8Array(8).fill(0xff), HEAD, hex('0600 0000 2f61'));
    const cursor = new UnixDiagCursor();
    cursor.moveTo(new DataView(bytes.buffer, 8), 0, bytes.length - 8);
    expect(cursor.unixName()).toEqual(text('/a'));
  });

  it('refuses a payload that is too short or reaches past the bytes', () => {
    const cursor = new UnixDiagCursor();
    expect(() => cursor.moveTo(viewOf(HEAD), 0, 15)).toThrow(WireError);
    expect(() => cursor.moveTo(viewOf(HEAD), 1, 16)).toThrow(WireError);
  });
});
