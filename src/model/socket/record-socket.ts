import type { AddressInterner } from './interned-address.ts';
import { RECORDED_INFO, type SocketRecord } from './socket-record.ts';
import type { SocketView } from './socket-view.ts';
import type { TcpInfo } from './tcp-info.ts';
import { unixPath } from './unix-path.ts';

/** What was found out about a socket beside what the kernel says of it. */
export type RecordContext = Pick<
  SocketRecord,
  'process' | 'container' | 'firstSeenMs' | 'notBeforeMs' | 'unremembered'
>;

/** Keeps the socket under a view. */
export function recordSocket(socket: SocketView, book: AddressInterner, context: RecordContext): SocketRecord {
  const record: SocketRecord = {
    proto: socket.proto,
    family: socket.family,
    state: socket.state,
    localPort: socket.localPort,
    peerPort: socket.peerPort,
    receiveQueue: socket.receiveQueue ?? 0,
    sendQueue: socket.sendQueue ?? 0,
    uid: socket.uid ?? 0,
    inode: socket.inode,
    cookie: socket.cookieHigh * 2 ** 32 + socket.cookieLow,
    timer: socket.timer ?? 0,
    timerExpiresMs: socket.timerExpiresMs ?? 0,
    retransmits: socket.retransmits ?? 0,
    interfaceIndex: socket.interfaceIndex ?? 0,
    firstSeenMs: context.firstSeenMs,
    unixType: socket.unixType,
    peerInode: socket.peerInode,
  };
  if (context.notBeforeMs !== undefined) record.notBeforeMs = context.notBeforeMs;
  if (context.unremembered) record.unremembered = true;
  if (context.process !== undefined) record.process = context.process;
  if (context.container !== undefined) record.container = context.container;
  if (socket.family === 'unix') {
    const path = unixPath(socket);
    if (path !== undefined) record.path = path;
    return record;
  }
  if (socket.family === 'inet') {
    record.local = book.inet(socket.localWord(0));
    record.peer = book.inet(socket.peerWord(0));
  } else {
    record.local = book.inet6(socket.localWord(0), socket.localWord(1), socket.localWord(2), socket.localWord(3));
    record.peer = book.inet6(socket.peerWord(0), socket.peerWord(1), socket.peerWord(2), socket.peerWord(3));
  }
  const drops = socket.drops();
  if (drops !== undefined) record.drops = drops;
  const buffer = socket.receiveBufferBytes();
  if (buffer !== undefined) record.receiveBufferBytes = buffer;
  const info = recordedInfo(socket);
  if (info !== undefined) record.info = info;
  return record;
}

function recordedInfo(socket: SocketView): TcpInfo | undefined {
  // The first field of all is there whenever any is.
  if (socket.tcpInfoNumber('rttUs') === undefined) return undefined;
  let all = true;
  const number = (field: RecordedField): number => {
    const value = socket.tcpInfoNumber(field);
    if (value === undefined) all = false;
    return value ?? 0;
  };
  // Written out: objects that are made with all their fields are a fraction of the price of those that get one after another.
  const info = {
    rttUs: number('rttUs'),
    minRttUs: number('minRttUs'),
    lastSentMs: number('lastSentMs'),
    lastReceivedMs: number('lastReceivedMs'),
    lastAckReceivedMs: number('lastAckReceivedMs'),
    bytesSent: number('bytesSent'),
    bytesReceived: number('bytesReceived'),
    bytesRetransmitted: number('bytesRetransmitted'),
    totalRetrans: number('totalRetrans'),
    segmentsOut: number('segmentsOut'),
    segmentsIn: number('segmentsIn'),
    dataSegmentsOut: number('dataSegmentsOut'),
    dataSegmentsIn: number('dataSegmentsIn'),
    notSentBytes: number('notSentBytes'),
    unackedSegments: number('unackedSegments'),
    lostSegments: number('lostSegments'),
    congestionWindowSegments: number('congestionWindowSegments'),
    sendWindowBytes: number('sendWindowBytes'),
    receiveWindowBytes: number('receiveWindowBytes'),
    receiveWindowLimitedUs: number('receiveWindowLimitedUs'),
    busyTimeUs: number('busyTimeUs'),
    dsackDuplicates: number('dsackDuplicates'),
    reorderingSeen: number('reorderingSeen'),
    atoUs: number('atoUs'),
    backoff: number('backoff'),
    pathMtuBytes: number('pathMtuBytes'),
  } satisfies Record<RecordedField, number>;
  return all ? info : knownInfo(socket);
}

type RecordedField = (typeof RECORDED_INFO)[number];

/** Where the kernel does not tell all of them. */
function knownInfo(socket: SocketView): TcpInfo {
  const info: TcpInfo = {};
  for (const field of RECORDED_INFO) {
    const value = socket.tcpInfoNumber(field);
    if (value !== undefined) info[field] = value;
  }
  return info;
}
