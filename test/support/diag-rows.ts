/** Sockets of a namespace read by the code under test, `kernel` and `netlink`; each row is a copy of its view. */
import fs from 'node:fs';
import { DiagSocket, scratchStore } from '../../src/kernel/diag-socket.ts';
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';
import type { Proto, SocketView } from '../../src/model/socket/socket-view.ts';
import { ALL_STATES } from '../../src/model/socket/tcp-state.ts';
import { InetDiagCursor } from '../../src/netlink/inet-diag-cursor.ts';
import {
  AF,
  extensions,
  INET_DIAG,
  IPPROTO,
  inetDumpRequest,
  tcpBothFamiliesRequest,
} from '../../src/netlink/inet-diag-request.ts';
import { UDIAG_SHOW, UnixDiagCursor, unixDumpRequest } from '../../src/netlink/unix-diag.ts';
import type { TestNetns } from './netns.ts';

/** A copy of every field of a view. */
export type DiagRow = ReturnType<typeof copyRow>;

const PROTOCOL: Partial<Record<Proto, number>> = { tcp: IPPROTO.TCP, udp: IPPROTO.UDP, mptcp: IPPROTO.MPTCP };
const EXT = extensions(INET_DIAG.INFO, INET_DIAG.SKMEMINFO);

/** The internet sockets of one protocol and family, every state, with all that can be asked for. */
export function diagRows(netns: TestNetns, proto: Proto, family: 'inet' | 'inet6'): DiagRow[] {
  const request = inetDumpRequest({
    family: family === 'inet' ? AF.INET : AF.INET6,
    protocol: PROTOCOL[proto] ?? 0,
    states: ALL_STATES,
    ext: EXT,
    sequence: 0,
  });
  return dump(netns, request, new InetDiagCursor(proto));
}

/** TCP of both families from the one old request. */
export function diagRowsBothFamilies(netns: TestNetns): DiagRow[] {
  const request = tcpBothFamiliesRequest({ states: ALL_STATES, ext: EXT, sequence: 0 });
  return dump(netns, request, new InetDiagCursor('tcp'));
}

/** The UNIX sockets. */
export function diagUnixRows(netns: TestNetns): DiagRow[] {
  const show = UDIAG_SHOW.NAME | UDIAG_SHOW.PEER | UDIAG_SHOW.RQLEN | UDIAG_SHOW.UID;
  return dump(netns, unixDumpRequest({ states: 0xffffffff, show, sequence: 0 }), new UnixDiagCursor());
}

function dump(netns: TestNetns, request: Uint8Array, cursor: InetDiagCursor | UnixDiagCursor): DiagRow[] {
  const fd = fs.openSync(netns.path, 'r');
  const socket = DiagSocket.open(koffiSystemCalls(), fd);
  const rows: DiagRow[] = [];
  try {
    socket.dump('dump', request, scratchStore(), (view, offset, length) => {
      cursor.moveTo(view, offset, length);
      rows.push(copyRow(cursor));
    });
  } finally {
    socket.close();
    fs.closeSync(fd);
  }
  return rows;
}

/** Copies every field of a view. */
export function copyRow(socket: SocketView) {
  const { proto, family, state, localPort, peerPort, receiveQueue, sendQueue, uid, inode } = socket;
  const { timer, timerExpiresMs, retransmits, interfaceIndex, socketType, peerInode } = socket;
  const name = socket.unixName();
  return {
    proto,
    family,
    state,
    localPort,
    peerPort,
    receiveQueue,
    sendQueue,
    uid,
    inode,
    timer,
    timerExpiresMs,
    retransmits,
    interfaceIndex,
    socketType,
    peerInode,
    local: addressBytes(family, (index) => socket.localWord(index)),
    peer: addressBytes(family, (index) => socket.peerWord(index)),
    cookie: (BigInt(socket.cookieHigh) << 32n) | BigInt(socket.cookieLow),
    cgroupId: socket.cgroupId(),
    drops: socket.drops(),
    tcpInfo: socket.tcpInfo(),
    name: name === undefined ? undefined : Buffer.from(name).toString('latin1'),
  };
}

function addressBytes(family: string, word: (index: 0 | 1 | 2 | 3) => number): number[] {
  const words = family === 'inet' ? [word(0)] : [word(0), word(1), word(2), word(3)];
  return words.flatMap((value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
}
