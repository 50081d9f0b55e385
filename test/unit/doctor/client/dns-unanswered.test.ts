import { expect, test } from 'vitest';
import { dnsUnanswered } from '../../../../src/doctor/rules/client/dns-unanswered.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { judge, START_MS, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const APP = { pid: 7, name: 'python3' };

/** A UDP socket of a lookup; its local port is its identity. */
function lookup(port: number, parts: Parameters<typeof tcpSocket>[0] = {}): PlainSocket {
  const ends = { local: `10.0.0.2:${port}`, peer: '10.0.0.9:53' };
  return tcpSocket({ proto: 'udp', cookie: port, inode: port, holders: [APP], ...ends, ...parts });
}

/** Judges dumps a second apart. */
const seen = (...dumps: PlainSocket[][]) =>
  judge(dnsUnanswered, series([spaceSeries(dumps.map((sockets) => ({ sockets })))]));

const [a, b] = [lookup(40_001), lookup(40_002)] as [PlainSocket, PlainSocket];

test('sockets to one name server that stay for seconds, then end', () => {
  const [finding, ...others] = seen([], [a], [a], [a, b], [b], [b], []);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    rule: 'DNS_UNANSWERED',
    severity: 'warning',
    confidence: 'high',
    scope: { kind: 'process', pid: 7 },
    about: 'peer 10.0.0.9:53',
    summary: '10.0.0.9:53 does not answer: 2 lookups waited for it, up to 2.0 s or longer',
    since: new Date(START_MS + 1000).toISOString(),
  });
  expect(finding?.fixes[0]).toMatchObject({ where: '/etc/resolv.conf', text: expect.stringContaining('10.0.0.9 out') });
});

test('the next name server is asked then, and answers', () => {
  const next = lookup(40_003, { peer: '10.0.0.8:53' });
  expect(seen([], [a], [a], [a, b], [b, next], [b], [])[0]?.summary).toContain(
    'each costs that time before the next name server, 10.0.0.8, is asked',
  );
});

test('MariaDB looks up its clients: the name server first, then skip_name_resolve', () => {
  const holders = [{ pid: 8, name: 'mariadbd' }];
  const own = [lookup(40_001, { holders }), lookup(40_002, { holders })];
  const [finding] = seen([], own, own, own, []);
  expect(finding?.fixes.map(({ snippet }) => snippet)).toContain('skip_name_resolve = ON');
});

test('in a container: what the DNS server of Docker waits for, not Docker itself', () => {
  const engine = { holders: [{ pid: 1, name: 'dockerd' }] };
  const own = [lookup(40_001, { peer: '127.0.0.11:53' }), lookup(40_002, { peer: '127.0.0.11:53' })];
  const asked = [lookup(50_001, engine), lookup(50_002, engine)];
  const both = [...own, ...asked];
  const found = seen([], both, both, both, []);
  expect(found.map(({ about }) => about)).toEqual(['peer 10.0.0.9:53']);
  expect(found[0]?.fixes[0]?.where).toBe("the host's /etc/resolv.conf");
});

test('look-alikes: a socket that is kept for every query, one answer that is late, answers that are not read yet', () => {
  expect(seen([a, b], [a, b], [a, b], [a, b])).toEqual([]);
  expect(seen([], [a], [a], [a], [])).toEqual([]);
  const answered = [lookup(40_001, { receiveQueue: 300 }), lookup(40_002, { receiveQueue: 300 })];
  expect(seen([], answered, answered, answered, [])).toEqual([]);
});

test('look-alikes: a resolver with its own sockets, another protocol over UDP, lookups that are answered at once', () => {
  const dnsmasq = { holders: [{ pid: 9, name: 'dnsmasq' }] };
  const bound = lookup(53, { ...dnsmasq, local: '0.0.0.0:53', peer: '0.0.0.0:0' });
  const upstream = [lookup(40_001, dnsmasq), lookup(40_002, dnsmasq)];
  expect(seen([bound], [bound, ...upstream], [bound, ...upstream], [bound, ...upstream], [bound])).toEqual([]);
  const quic = [lookup(40_001, { peer: '10.0.0.9:443' }), lookup(40_002, { peer: '10.0.0.9:443' })];
  expect(seen([], quic, quic, quic, [])).toEqual([]);
  expect(seen([a], [b], [lookup(40_003)], [lookup(40_004)], [])).toEqual([]);
});
