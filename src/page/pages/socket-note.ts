import { IDLE_AFTER_MS } from '../../model/socket/connection-times.ts';
import type { InetSocketRow } from '../../model/socket/socket-row.ts';
import { bytesText, countText, many } from '../text/numbers.ts';
import { spanText } from '../text/times.ts';

/** What is remarkable about a socket. */
export interface SocketNote {
  text: string;
  /** Whether something is wrong with it, or may be. */
  isTrouble: boolean;
}

/** Received data that is not read for so long is worth a note, milliseconds: a program needs a moment for each request. */
const UNREAD_MS = 1000;

/** What the numbers of a socket mean, in a few words: the worst of it; undefined where nothing is to be said. */
export function noteOf(socket: InetSocketRow): SocketNote | undefined {
  if (!isTcp(socket)) return dropsNote(socket);
  return OF_STATE[socket.state]?.(socket) ?? silentPeerNote(socket) ?? dropsNote(socket) ?? usageNote(socket);
}

type NoteMaker = (socket: InetSocketRow) => SocketNote | undefined;

/** States that say something by themselves. */
const OF_STATE: Readonly<Record<string, NoteMaker>> = {
  LISTEN: queueNote,
  SYN_SENT: ({ timer }) =>
    trouble(
      timer === undefined || timer.retransmits === 0
        ? 'no answer yet'
        : `no answer, tried ${timer.retransmits + 1} times`,
    ),
  SYN_RECV: () => usual('half-open: its client did not acknowledge yet'),
  CLOSE_WAIT: closeWaitNote,
  FIN_WAIT2: () => usual('waits for the peer to close'),
  TIME_WAIT: ({ timer }) => usual(timer === undefined ? 'left over' : `left over, ${spanText(timer.expiresMs)} to go`),
};

function queueNote({ receiveQueue = 0, sendQueue }: InetSocketRow): SocketNote | undefined {
  if (receiveQueue === 0) return undefined;
  if (sendQueue === undefined) return usual(`${countText(receiveQueue)} wait to be accepted`);
  // The kernel takes one more than the backlog: include/net/sock.h, sk_acceptq_is_full.
  const isFull = receiveQueue > sendQueue;
  const text = `queue ${countText(receiveQueue)} of ${countText(sendQueue)}`;
  return isFull ? trouble(`${text}: full`) : usual(text);
}

/** The peer's end counts as one byte that is not read. */
function closeWaitNote({ receiveQueue = 0, tcpInfo, inode }: InetSocketRow): SocketNote {
  if (inode === 0) return trouble('the peer closed, not accepted yet');
  const unread = receiveQueue > 1 ? `, ${bytesText(receiveQueue - 1)} unread` : '';
  const sinceMs = tcpInfo?.lastAckReceivedMs;
  const since = sinceMs === undefined || sinceMs < 1000 ? '' : ` ${spanText(sinceMs)} ago`;
  return trouble(`the peer closed${since}${unread}`);
}

/** A peer that does not acknowledge, does not read, or does not answer. */
function silentPeerNote({ timer, sendQueue = 0, receiveQueue = 0, inode, state, tcpInfo }: InetSocketRow) {
  const retransmits = timer?.retransmits ?? 0;
  if (timer?.kind === 'on' && retransmits > 0)
    return trouble(`not acknowledged, sent again ${many(retransmits, 'time')}`);
  if (timer?.kind === 'probe' && sendQueue > 0) return trouble('the peer does not read: its window is closed');
  if (timer?.kind === 'keepalive' && retransmits > 0)
    return trouble(`${many(retransmits, 'keepalive probe')} without answer`);
  if (state !== 'ESTABLISHED') return undefined;
  if (inode === 0) return trouble('not accepted yet');
  const unreadMs = tcpInfo?.lastReceivedMs ?? 0;
  return receiveQueue > 0 && unreadMs >= UNREAD_MS
    ? trouble(`${bytesText(receiveQueue)} unread for ${spanText(unreadMs)}`)
    : undefined;
}

function dropsNote({ drops = 0 }: InetSocketRow): SocketNote | undefined {
  return drops === 0 ? undefined : trouble(`${countText(drops)} dropped`);
}

function usageNote({ state, tcpInfo }: InetSocketRow): SocketNote | undefined {
  if (state !== 'ESTABLISHED' || tcpInfo?.lastSentMs === undefined || tcpInfo.lastReceivedMs === undefined)
    return undefined;
  return usual(Math.min(tcpInfo.lastSentMs, tcpInfo.lastReceivedMs) < IDLE_AFTER_MS ? 'in use' : 'idle');
}

function isTcp({ proto }: InetSocketRow): boolean {
  return proto === 'tcp' || proto === 'mptcp';
}

function usual(text: string): SocketNote {
  return { text, isTrouble: false };
}

function trouble(text: string): SocketNote {
  return { text, isTrouble: true };
}
