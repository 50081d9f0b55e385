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

test('eight containers with ninety a second each: together they are too many for one interface', () => {
  const spaces = Array.from({ length: 8 }, (_, index) => {
    const samples = Array.from({ length: 11 }, () => ({ closed: [closedGroup(90, query)] }));
    return spaceSeries(samples, { netns: index + 1, name: `web-${index}` });
  });
  expect(judge(dnsStorm, series(spaces))).toMatchObject([{ severity: 'critical', scope: { kind: 'host' } }]);
  expect(judge(dnsStorm, series(spaces.slice(1)))).toEqual([]);
});
