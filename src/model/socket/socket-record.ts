import type { Address } from './interned-address.ts';
import type { Family, Proto } from './socket-view.ts';
import type { TcpInfo } from './tcp-info.ts';

/** A process as far as a kept socket needs it. */
export interface Holder {
  pid: number;
  /** The command name. The process chose it: escape it before a terminal sees it. */
  name: string;
}

/**
 * A socket that is kept: in a series that rules judge, in a recording. Everything means what
 * `SocketView` says, but that a number which the source does not know is 0, as in the file format.
 */
export interface SocketRecord {
  proto: Proto;
  family: Family;
  state: number;
  localPort: number;
  peerPort: number;
  /** Absent for a UNIX socket. */
  local?: Address;
  peer?: Address;
  receiveQueue: number;
  sendQueue: number;
  uid: number;
  inode: number;
  /** The cookie as one number; 0 where the source has none. */
  cookie: number;
  timer: number;
  timerExpiresMs: number;
  retransmits: number;
  interfaceIndex: number;
  /** Bytes that the receive buffer may hold, overhead included; absent where the source does not tell. */
  receiveBufferBytes?: number;
  /** Datagrams or segments dropped at the socket over its life; absent where the source does not tell. */
  drops?: number;
  /** The fields of {@link RECORDED_INFO}; absent for what is no full TCP socket. */
  info?: TcpInfo;
  /** The first process that was seen to hold it, for an entry without a descriptor the last that did; absent when nobody was seen. */
  process?: Holder;
  /** Name of its container; absent for what belongs to none. */
  container?: string;
  /** Milliseconds since the epoch: the first look that had it, and the last one before that had not (absent without one). */
  firstSeenMs: number;
  /** Set where no earlier reading is remembered of it, as of what was first seen in TIME_WAIT: {@link firstSeenMs} is when it was read. */
  unremembered?: true;
  notBeforeMs?: number;
  /** UNIX only: 1 STREAM, 2 DGRAM, 5 SEQPACKET; 0 for others. */
  unixType: number;
  /** UNIX only: the name as text, `@` for the abstract namespace; absent when unbound. */
  path?: string;
  peerInode: number;
}

/** The numbers of the kernel's TCP information that are kept. */
export const RECORDED_INFO = [
  'rttUs',
  'minRttUs',
  'lastSentMs',
  'lastReceivedMs',
  'lastAckReceivedMs',
  'bytesSent',
  'bytesReceived',
  'bytesRetransmitted',
  'totalRetrans',
  'segmentsOut',
  'segmentsIn',
  'dataSegmentsOut',
  'dataSegmentsIn',
  'notSentBytes',
  'unackedSegments',
  'lostSegments',
  'congestionWindowSegments',
  'sendWindowBytes',
  'receiveWindowBytes',
  'receiveWindowLimitedUs',
  'busyTimeUs',
  'dsackDuplicates',
  'reorderingSeen',
  'atoUs',
  'backoff',
  'pathMtuBytes',
] as const satisfies readonly (keyof TcpInfo)[];
