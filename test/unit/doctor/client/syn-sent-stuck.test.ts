import { expect, test } from 'vitest';
import { synSentStuck } from '../../../../src/doctor/rules/client/syn-sent-stuck.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { container, judge, series, spaceSeries, tcpSocket, tcpSockets } from '../../../support/series.ts';

const SYN_SENT = TCP_STATE.SYN_SENT;

function seen(sockets: ReturnType<typeof tcpSockets>) {
  return judge(synSentStuck, series([spaceSeries([{ sockets }])]));
}

test('one attempt that was repeated three times is a warning', () => {
  expect(seen(tcpSockets(1, { state: SYN_SENT, retransmits: 3 }))).toMatchObject([
    { rule: 'SYN_SENT_STUCK', severity: 'warning', confidence: 'high', about: 'peer 10.0.0.3:3306' },
  ]);
  expect(seen(tcpSockets(1, { state: SYN_SENT, retransmits: 2 }))).toEqual([]);
});

test('five to one endpoint are critical', () => {
  expect(seen(tcpSockets(5, { state: SYN_SENT, retransmits: 2 }))).toMatchObject([{ severity: 'critical' }]);
  expect(seen(tcpSockets(4, { state: SYN_SENT, retransmits: 2 }))).toEqual([]);
});

test('look-alike: connecting just now', () => {
  expect(seen(tcpSockets(50, { state: SYN_SENT, retransmits: 0 }))).toEqual([]);
});

test('with others established to the same endpoint, the queue of the server is the likely reason', () => {
  const [finding] = seen([...tcpSockets(3), ...tcpSockets(1, { state: SYN_SENT, retransmits: 4 })]);
  expect(finding).toMatchObject({ confidence: 'medium' });
  expect(finding?.fixes[0]).toMatchObject({ where: 'the server' });
});

test('a full queue of a server on this machine is seen', () => {
  const client = spaceSeries([{ sockets: tcpSockets(1, { state: SYN_SENT, retransmits: 4 }) }]);
  const db = container({ name: 'db', id: 'b'.repeat(64), addresses: [{ network: 'bridge', address: '10.0.0.3' }] });
  const listener = tcpSocket({
    local: '0.0.0.0:3306',
    peer: '0.0.0.0:0',
    state: TCP_STATE.LISTEN,
    receiveQueue: 3,
    sendQueue: 2,
  });
  const server = spaceSeries([{ sockets: [listener] }], { netns: 2, name: 'db', containers: [db] });
  const [finding] = judge(synSentStuck, series([client, server]));
  expect(finding).toMatchObject({ confidence: 'high' });
  expect(finding?.summary).toContain("the queue of the server's listener is full");
});
