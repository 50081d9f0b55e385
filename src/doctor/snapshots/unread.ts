import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';

/** The states after the FIN of the peer, which takes a sequence number: the receive queue counts it as a byte until it is read. */
const AFTER_FIN = stateMask(TCP_STATE.CLOSE_WAIT, TCP_STATE.LAST_ACK, TCP_STATE.CLOSING);

/** Whether the end of file of the peer is there and was not read, net/ipv4/tcp_diag.c, tcp_diag_get_info (rcv_nxt - copied_seq). */
export function isEndUnread({ state, receiveQueue }: StoredSocket): boolean {
  return (receiveQueue ?? 0) > 0 && (AFTER_FIN & (1 << state)) !== 0;
}

/** Bytes that the peer sent and that were not read, 0 where that is not known: one byte in the queue of a closed connection is its end, not a request. */
export function unreadBytes(socket: StoredSocket): number {
  const { receiveQueue = 0 } = socket;
  return isEndUnread(socket) ? receiveQueue - 1 : receiveQueue;
}
