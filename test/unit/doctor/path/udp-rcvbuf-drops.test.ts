import { expect, test } from 'vitest';
import { udpRcvbufDrops } from '../../../../src/doctor/rules/path/udp-rcvbuf-drops.ts';
import type { NetCounters } from '../../../../src/model/netns/counters.ts';
import { judge, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

function udp(drops: number, family: 'inet' | 'inet6' = 'inet') {
  const ends = { local: '10.0.0.2:5353', peer: '0.0.0.0:0' };
  const own = { process: { pid: 4242, name: 'dns' }, container: 'web', cookie: 11 };
  return tcpSocket({ ...ends, ...own, proto: 'udp', family, state: 7, drops, receiveBufferBytes: 4096 });
}

/** Two looks: what the counters and the socket's drops rose by. */
function looks(rises: NetCounters, drops: number, family: 'inet' | 'inet6' = 'inet') {
  const base: NetCounters = { UdpRcvbufErrors: 500, UdpInDatagrams: 10_000, UdpInCsumErrors: 1, UdpMemErrors: 0 };
  const after = Object.fromEntries(Object.entries(base).map(([name, value]) => [name, value + (rises[name] ?? 0)]));
  return series([
    spaceSeries([
      { counters: base, sockets: [udp(500, family)] },
      { counters: after, sockets: [udp(500 + drops, family)] },
    ]),
  ]);
}

test('the recipe: 44 of 50 datagrams dropped', () => {
  expect(judge(udpRcvbufDrops, looks({ UdpRcvbufErrors: 44, UdpInDatagrams: 6 }, 44))).toMatchObject([
    {
      severity: 'critical',
      about: 'port 5353',
      scope: { kind: 'process', pid: 4242 },
      summary: '44 datagrams to port 5353 dropped: the receive buffer was full (88 % of what the namespace received)',
      byHand: "nsenter -t 4242 -n ss -uamn 'sport = :5353'",
    },
  ]);
});

test.each([
  [99, ['warning']],
  [100, ['critical']],
])('%i dropped while 10,000 were received', (drops, severities) => {
  const seen = looks({ UdpRcvbufErrors: drops, UdpInDatagrams: 10_000 }, drops);
  expect(judge(udpRcvbufDrops, seen).map(({ severity }) => severity)).toEqual(severities);
});

test('a socket of IPv6 is told by its own drops', () => {
  expect(judge(udpRcvbufDrops, looks({}, 7, 'inet6'))).toMatchObject([{ severity: 'warning' }]);
});

test('without the socket the namespace is named', () => {
  const before = { counters: { UdpRcvbufErrors: 0, UdpInDatagrams: 0 } };
  const after = { counters: { UdpRcvbufErrors: 9, UdpInDatagrams: 0 } };
  expect(judge(udpRcvbufDrops, series([spaceSeries([before, after])]))).toMatchObject([
    { severity: 'critical', confidence: 'medium', scope: { kind: 'container' } },
  ]);
});

test.each([
  ['drops of long ago', looks({ UdpInDatagrams: 5000 }, 0)],
  ['look-alike: nobody listens (NoPorts)', looks({ UdpNoPorts: 300 }, 0)],
  ['look-alike: wrong checksums', looks({ UdpInCsumErrors: 30 }, 30)],
  ['look-alike: udp_mem is used up', looks({ UdpMemErrors: 30 }, 30)],
  ['look-alike: wrong checksums at a socket of IPv6', looks({ UdpInCsumErrors: 30 }, 30, 'inet6')],
  ['not enough looks', series([spaceSeries([{ counters: { UdpRcvbufErrors: 500 }, sockets: [udp(500)] }])])],
])('quiet: %s', (_, seen) => {
  expect(judge(udpRcvbufDrops, seen)).toEqual([]);
});
