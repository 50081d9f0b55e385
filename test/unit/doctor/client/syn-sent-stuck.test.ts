import { expect, test } from 'vitest';
import { synSentStuck } from '../../../../src/doctor/rules/client/syn-sent-stuck.ts';
import { AddressInterner } from '../../../../src/model/socket/interned-address.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { container, judge, listener, series, spaceSeries, tcpSocket, tcpSockets } from '../../../support/series.ts';

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

/** Ten seconds in which six clients at a time try, and give up after about as long as that takes. */
function givenUp(perSecond: number, parts: Parameters<typeof closedGroup>[1] = {}, others: PlainSocket[] = []) {
  const sockets = [...tcpSockets(6, { state: SYN_SENT, retransmits: 0 }), ...others];
  const closed = [closedGroup(perSecond, { outcome: 'no-answer', ...parts })];
  return spaceSeries(Array.from({ length: 11 }, (_, second) => ({ sockets, ...(second > 0 && { closed }) })));
}

test('attempts that their client gives up after a second, before the kernel has tried often', () => {
  expect(judge(synSentStuck, series([givenUp(6)]))).toMatchObject([
    {
      severity: 'critical',
      about: 'peer 10.0.0.3:3306',
      summary: expect.stringMatching(/^60 attempts .* got no answer and were given up, after 1(\.0)? ?s or so/),
    },
  ]);
});

test('look-alike: a client that tries two addresses at once cancels one after a fraction of a second', () => {
  expect(judge(synSentStuck, series([givenUp(24)]))).toEqual([]);
});

test('look-alike: others to the same endpoint succeed', () => {
  const success = closedGroup(1, { outcome: 'closed' });
  const netns = givenUp(6);
  const samples = netns.samples.map((sample) => ({ ...sample, closed: [...(sample.closed ?? []), success] }));
  expect(judge(synSentStuck, series([{ ...netns, samples }]))).toEqual([]);
});

test('established for long beside a server on this machine that drops nothing: packets are lost on the way', () => {
  const client = spaceSeries([{ sockets: [...tcpSockets(3), ...tcpSockets(5, { state: SYN_SENT, retransmits: 4 })] }]);
  const db = container({ name: 'db', id: 'b'.repeat(64), addresses: [{ network: 'bridge', address: '10.0.0.3' }] });
  const server = (drops: number) =>
    spaceSeries(
      [0, drops].map((value) => ({ sockets: [listener(3306)], counters: { TcpExtListenDrops: value } })),
      { netns: 2, name: 'db', containers: [db] },
    );
  const [silent] = judge(synSentStuck, series([client, server(0)]));
  expect(silent?.fixes[0]?.where).toBe('the firewall');
  expect(silent?.summary).toContain('its server listens and drops nothing');
  const [dropping] = judge(synSentStuck, series([client, server(7)]));
  expect(dropping?.fixes[0]?.where).toBe('the server');
});

test('the same port of the same host answers over IPv4: IPv6 is what leads nowhere', () => {
  const ends = { state: SYN_SENT, retransmits: 4, family: 'inet6' as const };
  const stuck = (plain: string) =>
    Array.from({ length: 5 }, (_, index) => ({
      ...tcpSocket({ ...ends, local: `10.0.0.2:${50_000 + index}`, peer: '10.0.0.9:3306' }),
      peer: interned(plain),
    }));
  const [finding] = judge(synSentStuck, series([spaceSeries([{ sockets: [...stuck('fd20::2'), ...tcpSockets(2)] }])]));
  expect(finding?.summary).toContain('those of the other one pass');
  expect(finding?.fixes[0]?.text).toContain('AAAA');
  const [alone] = judge(synSentStuck, series([spaceSeries([{ sockets: stuck('fd20::2') }])]));
  expect(alone?.fixes[0]?.text).toContain('drops packets silently');
});

function interned(plain: string) {
  const [head = '', tail = ''] = plain.split('::');
  return new AddressInterner().inet6(Number.parseInt(head, 16) * 65_536, 0, 0, Number.parseInt(tail, 16));
}
