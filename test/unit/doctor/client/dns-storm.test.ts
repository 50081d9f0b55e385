import { expect, test } from 'vitest';
import { dnsStorm } from '../../../../src/doctor/rules/client/dns-storm.ts';
import type { ClosedGroup } from '../../../../src/model/sample/closed-group.ts';
import { closedGroup } from '../../../support/closed-group.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { judge, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const query = { proto: 'udp', peerPort: 53, peerAddress: '10.0.0.2' } as const;
const resolver = tcpSocket({
  proto: 'udp',
  state: 7,
  local: '0.0.0.0:53',
  peer: '0.0.0.0:0',
  process: { pid: 5, name: 'dnsmasq' },
});

/** Ten seconds, with so many queries in each. */
function asking(perSecond: number, parts: Partial<ClosedGroup> = {}, sockets: PlainSocket[] = []) {
  const samples = Array.from({ length: 11 }, () => ({
    sockets,
    closed: [closedGroup(perSecond, { ...query, ...parts })],
  }));
  return series([spaceSeries(samples)]);
}

test('more than a hundred a second are a warning, more than seven hundred critical', () => {
  expect(judge(dnsStorm, asking(101))).toMatchObject([{ rule: 'DNS_STORM', severity: 'warning', about: 'port 53' }]);
  expect(judge(dnsStorm, asking(701))).toMatchObject([{ severity: 'critical' }]);
  expect(judge(dnsStorm, asking(100))).toEqual([]);
});

test('look-alike: a resolver, whose work it is', () => {
  expect(judge(dnsStorm, asking(500, { process: { pid: 5, name: 'dnsmasq' } }, [resolver]))).toEqual([]);
  expect(judge(dnsStorm, asking(500, {}, [resolver]))).toEqual([]);
});

test('an application beside a resolver that asks it is no resolver', () => {
  expect(judge(dnsStorm, asking(500, { process: { pid: 6, name: 'app' } }, [resolver]))).toHaveLength(1);
  expect(judge(dnsStorm, asking(500, { peerAddress: '127.0.0.1' }, [resolver]))).toHaveLength(1);
});

test('look-alike: as many datagrams to another port', () => {
  expect(judge(dnsStorm, asking(500, { peerPort: 8125 }))).toEqual([]);
});

test('one socket that is kept for all queries: the datagrams are counted', () => {
  const kept = tcpSocket({ proto: 'udp', state: 1, peer: '10.0.0.2:53' });
  const samples = [0, 2000].map((UdpOutDatagrams, index) => ({
    atMs: index * 10_000,
    sockets: [kept],
    counters: { UdpOutDatagrams },
  }));
  expect(judge(dnsStorm, series([spaceSeries(samples)]))).toMatchObject([
    { severity: 'warning', confidence: 'medium' },
  ]);
});

/** Ten seconds of lookups, each from a socket that is gone at once, and what the counters of UDP rose by in all. */
function lookups(
  perSecond: number,
  rises: { sent: number; received: number },
  parts: Partial<ClosedGroup> = {},
  kept: PlainSocket[] = [],
) {
  const samples = Array.from({ length: 11 }, (_, second) => ({
    sockets: kept,
    closed: second === 0 ? [] : [closedGroup(perSecond, { ...query, ...parts })],
    counters: { UdpOutDatagrams: (rises.sent * second) / 10, UdpInDatagrams: (rises.received * second) / 10 },
  }));
  return judge(dnsStorm, series([spaceSeries(samples)]));
}

const unconnected = { peerPort: 0, peerAddress: '0.0.0.0', outcome: 'unconnected' } as const;

test('sixty lookups a second with twelve datagrams each are 720 queries', () => {
  const [finding] = lookups(60, { sent: 7200, received: 7200 });
  expect(finding).toMatchObject({ severity: 'critical', confidence: 'medium', summary: '720 DNS queries a second' });
  expect(finding?.evidence).toContainEqual(expect.objectContaining({ what: 'closed sockets to port 53', value: 600 }));
});

test('queries that nobody answers count as well', () => {
  expect(lookups(60, { sent: 7200, received: 0 })).toMatchObject([{ severity: 'critical' }]);
});

test('by sockets it is a lower bound, and says so', () => {
  const other = tcpSocket({ proto: 'udp', state: 1, peer: '10.0.0.9:8125' });
  const [finding] = lookups(150, { sent: 90_000, received: 2000 }, {}, [other]);
  expect(finding).toMatchObject({ severity: 'warning', summary: 'at least 150 DNS queries a second' });
});

test('a resolver that does not connect its sockets (musl): what is answered are queries', () => {
  expect(lookups(150, { sent: 6000, received: 5900 }, unconnected)).toMatchObject([
    { severity: 'warning', confidence: 'low', summary: '600 DNS queries a second' },
  ]);
});

test("behind Docker's DNS server each query is sent, passed on and answered in the namespace", () => {
  const embedded = tcpSocket({
    proto: 'udp',
    state: 7,
    local: '127.0.0.11:41000',
    peer: '0.0.0.0:0',
    process: { pid: 1, name: 'dockerd' },
  });
  expect(lookups(60, { sent: 3600, received: 3600 }, {}, [embedded])).toMatchObject([
    { summary: '120 DNS queries a second' },
  ]);
});

test.each([
  ['metrics, which nobody answers', lookups(300, { sent: 3000, received: 0 }, unconnected)],
  [
    'sixty lookups beside a socket that sends metrics',
    lookups(60, { sent: 9000, received: 700 }, {}, [tcpSocket({ proto: 'udp', state: 1, peer: '10.0.0.9:8125' })]),
  ],
  [
    'sixty lookups beside a server of another protocol',
    lookups(60, { sent: 9000, received: 9000 }, {}, [
      tcpSocket({ proto: 'udp', state: 7, local: '0.0.0.0:443', peer: '0.0.0.0:0', cookie: 4 }),
    ]),
  ],
])('look-alike: %s', (_, found) => {
  expect(found).toEqual([]);
});

test('eight containers with ninety a second each: together they are too many for one interface', () => {
  const spaces = Array.from({ length: 8 }, (_, index) => {
    const samples = Array.from({ length: 11 }, () => ({ closed: [closedGroup(90, query)] }));
    return spaceSeries(samples, { netns: index + 1, name: `web-${index}` });
  });
  expect(judge(dnsStorm, series(spaces))).toMatchObject([{ severity: 'critical', scope: { kind: 'host' } }]);
  expect(judge(dnsStorm, series(spaces.slice(1)))).toEqual([]);
});

test('several lookups for each connection that is opened: search domains', () => {
  const fixOf = (opened: number) => {
    const samples = Array.from({ length: 11 }, (_, second) => ({
      counters: { TcpActiveOpens: second * opened },
      closed: [closedGroup(200, { ...query })],
    }));
    return judge(dnsStorm, series([spaceSeries(samples)]))[0]?.fixes[0];
  };
  expect(fixOf(40)).toMatchObject({ snippet: 'options ndots:1' });
  expect(fixOf(150)?.text).toContain('reuse connections');
});
