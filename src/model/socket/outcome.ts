import type { Outcome, Remembered } from './connection-event.ts';
import type { SocketView } from './socket-view.ts';
import { TCP_STATE } from './tcp-state.ts';

/** Bytes that an unread end-of-file adds to the receive queue. */
const END_OF_FILE = 1;

/** Outcome that an event determines by itself. `mangled-child` is `never-accepted` if its listener was closed with it, else `aborted`. */
export type EventOutcome = Outcome | 'mangled-child';

/**
 * How a socket was closed, from its destroy event and what earlier dumps had of it.
 *
 * Where the kernel ran tcp_disconnect() on it (a blocking connect() that failed, SO_LINGER 0, a child
 * of a closed listener) the counters and the peer's port are 0 in the event, often also the local address. The
 * smallest round-trip time stays and shows that the connection was established.
 */
export function outcomeOf(event: SocketView, remembered: Remembered | undefined): EventOutcome {
  if (event.proto !== 'tcp') return event.peerPort === 0 ? 'unconnected' : 'closed';
  const established = event.tcpInfoNumber('minRttUs') !== undefined;
  if (event.peerPort === 0) return established ? abortOf(event, remembered) : neverEstablished(event, remembered);
  if (established || event.tcpInfoNumber('rttUs') !== 0) {
    return event.receiveQueue !== undefined && event.receiveQueue > END_OF_FILE ? 'aborted' : 'closed';
  }
  const answers = event.tcpInfoNumber('segmentsIn');
  if (answers === undefined) return 'failed';
  return answers > 0 ? 'refused' : 'no-answer';
}

function abortOf(event: SocketView, remembered: Remembered | undefined): EventOutcome {
  if (remembered !== undefined) return remembered.inode === 0 ? 'never-accepted' : 'aborted';
  // The local address stays where bind() set it, which a listener's children inherit.
  return hasAddress(event, 'local') ? 'mangled-child' : 'aborted';
}

function neverEstablished(event: SocketView, remembered: Remembered | undefined): EventOutcome {
  if (remembered?.state === TCP_STATE.SYN_SENT) return 'failed';
  return hasAddress(event, 'peer') ? 'failed' : 'unconnected';
}

function hasAddress(event: SocketView, side: 'local' | 'peer'): boolean {
  const word = (index: 0 | 1 | 2 | 3) => (side === 'local' ? event.localWord(index) : event.peerWord(index));
  return event.family === 'inet' ? word(0) !== 0 : (word(0) | word(1) | word(2) | word(3)) !== 0;
}
