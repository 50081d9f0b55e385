import type { Outcome, Remembered } from './closed-connection.ts';
import type { SocketView } from './socket-view.ts';
import { TCP_STATE } from './tcp-state.ts';

/** A queue that holds an unread end-of-file alone counts 1. */
const END_OF_FILE = 1;

/** What an event alone says; `mangled-child` is `never-accepted` if its listener ended with it, else `aborted`. */
export type EventOutcome = Outcome | 'mangled-child';

/**
 * How a socket ended, from its destroy event and what dumps told of it before.
 *
 * Where the kernel ran tcp_disconnect() on it (a blocking connect() that failed, SO_LINGER 0, a child
 * of a closed listener) the event's counters are zero and the peer's port is gone, often the local
 * address too; the smallest round-trip time stays, and tells that it was established.
 */
export function outcomeOf(event: SocketView, remembered: Remembered | undefined): EventOutcome {
  if (event.proto !== 'tcp') return event.peerPort === 0 ? 'unconnected' : 'closed';
  const established = event.tcpInfoNumber('minRttUs') !== undefined;
  if (event.peerPort === 0) return established ? abortOf(event, remembered) : neverEstablished(event, remembered);
  if (established || event.tcpInfoNumber('rttUs') !== 0) {
    return (event.receiveQueue ?? 0) > END_OF_FILE ? 'aborted' : 'closed';
  }
  return (event.tcpInfoNumber('segmentsIn') ?? 0) > 0 ? 'refused' : 'no-answer';
}

function abortOf(event: SocketView, remembered: Remembered | undefined): EventOutcome {
  if (remembered !== undefined) return remembered.inode === 0 ? 'never-accepted' : 'aborted';
  // The local address stays where it was chosen by bind(), a listener's children inherit that.
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
