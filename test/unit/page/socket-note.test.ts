import { expect, test } from 'vitest';
import type { InetSocketRow } from '../../../src/model/socket/socket-row.ts';
import { noteOf } from '../../../src/page/pages/socket-note.ts';

function socket(more: Partial<InetSocketRow>): InetSocketRow {
  return {
    ...{ proto: 'tcp', family: 'inet', state: 'ESTABLISHED', inode: 7, processes: [], receiveQueue: 0, sendQueue: 0 },
    local: { address: '10.0.0.2', port: 8080 },
    peer: { address: '10.0.0.3', port: 40_000 },
    ...more,
  };
}

const moved = (sentMs: number, receivedMs: number) => ({ lastSentMs: sentMs, lastReceivedMs: receivedMs });

test.each<[string, Partial<InetSocketRow>, string | undefined, boolean?]>([
  ['a full accept queue', { state: 'LISTEN', receiveQueue: 5, sendQueue: 4 }, 'queue 5 of 4: full', true],
  ['an accept queue with room', { state: 'LISTEN', receiveQueue: 4, sendQueue: 4 }, 'queue 4 of 4'],
  ['a listener without a queue', { state: 'LISTEN', sendQueue: 128 }, undefined],
  [
    'an attempt without answer',
    { state: 'SYN_SENT', timer: { kind: 'on', expiresMs: 900, retransmits: 2 } },
    'no answer, tried 3 times',
    true,
  ],
  [
    'a peer that closed, with data before it',
    { state: 'CLOSE_WAIT', receiveQueue: 613, tcpInfo: { lastAckReceivedMs: 41_000 } },
    'the peer closed 41 s ago, 612 B unread',
    true,
  ],
  ['a peer that closed just now', { state: 'CLOSE_WAIT', receiveQueue: 1, tcpInfo: {} }, 'the peer closed', true],
  [
    'a peer that closed in the accept queue',
    { state: 'CLOSE_WAIT', receiveQueue: 1, inode: 0 },
    'the peer closed, not accepted yet',
    true,
  ],
  ['what the peer still has to close', { state: 'FIN_WAIT2' }, 'waits for the peer to close'],
  [
    'what is left over',
    { state: 'TIME_WAIT', timer: { kind: 'timewait', expiresMs: 12_400, retransmits: 0 } },
    'left over, 12 s to go',
  ],
  [
    'a peer that is gone',
    { sendQueue: 80, timer: { kind: 'on', expiresMs: 100, retransmits: 4 }, tcpInfo: moved(9000, 9000) },
    'not acknowledged, sent again 4 times',
    true,
  ],
  [
    'a peer that does not read',
    { sendQueue: 80, timer: { kind: 'probe', expiresMs: 100, retransmits: 4 } },
    'the peer does not read: its window is closed',
    true,
  ],
  [
    'keepalive probes without answer',
    { timer: { kind: 'keepalive', expiresMs: 100, retransmits: 1 } },
    '1 keepalive probe without answer',
    true,
  ],
  ['a connection in the accept queue', { inode: 0, tcpInfo: moved(100, 100) }, 'not accepted yet', true],
  ['data that nobody reads', { receiveQueue: 2048, tcpInfo: moved(100, 61_000) }, '2.0 KiB unread for 1 min 1 s', true],
  ['data that came just now', { receiveQueue: 2048, tcpInfo: moved(100, 5) }, 'in use'],
  ['a connection that is used', { tcpInfo: moved(4999, 60_000) }, 'in use'],
  ['an idle one', { tcpInfo: moved(60_000, 5000) }, 'idle'],
  ['one of which the times are not known', {}, undefined],
  ['datagrams that were dropped', { proto: 'udp', state: 'CLOSE', drops: 1234 }, '1,234 dropped', true],
  ['datagrams that were not', { proto: 'udp', state: 'CLOSE', drops: 0 }, undefined],
])('the note of %s', (_, row, text, isTrouble = false) => {
  expect(noteOf(socket(row))).toEqual(text === undefined ? undefined : { text, isTrouble });
});
