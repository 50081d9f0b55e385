import { EMBEDDED_DNS_ADDRESS } from '../../../model/container/embedded-dns.ts';
import type { Evidence, Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { isLoopback } from '../../../model/socket/loopback.ts';
import { type ClosedAt, eventsLost, mainHolder, perSecond, sumOf } from '../../clients/closed-connections.ts';
import { DNS, type DnsQueries, dnsQueriesOf } from '../../clients/dns-queries.ts';
import { containersAt } from '../../peers/endpoints.ts';
import { localAddresses } from '../../peers/namespace-by-address.ts';
import { perHost, perNamespace } from '../../per-scope.ts';
import { type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { dumpsOf, ofProto, riseOf } from '../../snapshots/snapshots.ts';
import { covers, spanOf } from '../../snapshots/windows.ts';

const settings = {
  warning: { default: 100, unit: 'per-second', text: 'queries of a namespace' },
  critical: {
    default: 700,
    unit: 'per-second',
    text: 'queries of a namespace, or of all containers together: the resolver of a VPC takes 1,024 packets a second from one interface',
  },
  minimumMs: { default: 1_000, unit: 'ms', text: 'shortest time over which a rate is computed' },
} as const;

type Values = SettingValues<typeof settings>;

/** Names that are resolved again and again. */
export const dnsStorm = rule({
  name: 'DNS_STORM',
  title: 'Far more DNS queries than new connections need',
  settings,
  needsMs: ({ minimumMs }) => minimumMs,
  needsSnapshots: () => 2,
  judge(input, values) {
    const found = ofNamespaces(input, values);
    return found.some(({ severity }) => severity === 'critical') ? found : [...found, ...ofMachine(input, values)];
  },
});

/** Containers that are quiet enough one by one, behind one interface of the machine. */
const ofMachine = perHost(({ series }: RuleInput, values: Values) => {
  const ms = series.toMs - series.fromMs;
  if (!covers(ms, values.minimumMs)) return [];
  const counts = series.namespaces.flatMap((netns) => {
    const count = leaving(dnsQueriesOf(netns), netns, series);
    return count === 0 ? [] : { name: netns.namespace.name, count };
  });
  const queries = counts.reduce((sum, { count }) => sum + count, 0);
  if (counts.length < 2 || (queries * 1000) / ms <= values.critical) return [];
  const most = counts.toSorted((a, b) => b.count - a.count).slice(0, 5);
  return [
    {
      severity: 'critical',
      confidence: 'medium',
      summary: `${perSecond(queries, ms)} DNS queries a second leave this machine, of ${counts.length} namespaces together`,
      evidence: [
        { what: 'queries to port 53 elsewhere', value: queries, source: 'events of closed sockets, UdpOutDatagrams' },
        {
          what: 'busiest namespaces',
          value: most.map(({ name, count }) => `${name} ${perSecond(count, ms)}`).join(', '),
          unit: 'per second',
          source: 'events of closed sockets, UdpOutDatagrams',
        },
      ],
      fixes: [REUSE, ...OTHERS],
      byHand: "socklens events all 'dport 53' --for 5s",
      about: 'port 53',
    },
  ];
});

const ofNamespaces = perNamespace((netns: NetnsSeries, { series }: RuleInput, values: Values) => {
  const ms = spanOf(netns.samples);
  if (!covers(ms, values.minimumMs)) return [];
  const queries = dnsQueriesOf(netns);
  const { closed, count, sockets, byDatagrams } = queries;
  const rate = (count * 1000) / ms;
  if (rate <= values.warning) return [];
  const { process } = mainHolder(closed);
  const ofProcess = closed.filter(({ group }) => group.process?.pid === process?.pid);
  const mainly = process !== undefined && sumOf(ofProcess, (group) => group.count) * 2 > sockets;
  const lost = eventsLost(netns);
  return [
    {
      severity: rate > values.critical ? 'critical' : 'warning',
      confidence: byDatagrams ? (sockets === 0 && !isAsking(netns) ? 'low' : 'medium') : 'high',
      summary: `${byDatagrams ? '' : 'at least '}${perSecond(count, ms)} DNS queries a second${mainly ? `, most of them of ${process.pid}/${process.name}` : ''}`,
      evidence: [
        {
          what: byDatagrams ? 'queries, all datagrams that were sent' : 'queries, one for each closed socket',
          value: perSecond(count, ms),
          unit: 'per second',
          source: byDatagrams ? 'UdpOutDatagrams' : CLOSED,
        },
        { what: 'closed sockets to port 53', value: sockets, source: CLOSED },
        ...counters(queries),
        ...servers(closed, series),
        ...(lost === 0
          ? []
          : [{ what: 'times that events were lost (the rate is a lower bound)', value: lost, source: 'netlink' }]),
      ],
      fixes: fixesFor(queries, netns),
      byHand: (target) => `socklens events ${target} 'dport 53' --for 5s`,
      about: 'port 53',
    },
  ];
});

/** Whether a socket that talks to port 53 was seen. */
function isAsking(netns: NetnsSeries): boolean {
  return dumpsOf(netns).some((dump) => ofProto(dump, 'udp').some(({ peerPort }) => peerPort === DNS));
}

const CLOSED = 'events of closed sockets';

function counters({ sent, received }: DnsQueries): Evidence[] {
  return [
    ...(sent === undefined ? [] : [{ what: 'UDP datagrams sent', value: sent, source: 'UdpOutDatagrams' }]),
    ...(received === undefined ? [] : [{ what: 'UDP datagrams received', value: received, source: 'UdpInDatagrams' }]),
  ];
}

function servers(closed: readonly ClosedAt[], { names }: Series): Evidence[] {
  const peers = new Set(closed.map(({ group }) => endpointText(names, { plain: group.peerAddress }, DNS, 'udp')));
  if (peers.size === 0) return [];
  return [{ what: 'DNS servers', value: [...peers].slice(0, 3).join(', '), source: CLOSED }];
}

/** Sockets that ask, for each connection that is opened: with one name for each, A and AAAA come from one or two. */
const ASKS_FOR_EACH = 2.5;

const REUSE: Fix = {
  where: 'the application',
  text: 'reuse connections: each new one resolves its name again; cache names for their TTL',
};

const SEARCH: Fix = {
  where: 'resolv.conf of the container',
  text: 'a name with fewer than ndots dots is asked for in every search domain first, for A and AAAA each: write names of other networks with a trailing dot, or lower ndots (docker run --dns-option ndots:1; dnsConfig of a pod); and cache what is asked for again and again',
  snippet: 'options ndots:1',
};

const OTHERS: readonly Fix[] = [
  {
    where: 'docker run',
    text: 'names with fewer than ndots dots are tried with every search domain first',
    snippet: '--dns-option ndots:1',
  },
  {
    where: 'Kubernetes',
    text: 'NodeLocal DNSCache, and ndots in dnsConfig',
    snippet: 'dnsConfig:\n  options:\n    - name: ndots\n      value: "1"',
  },
  {
    where: 'the image',
    text: "a cache beside the application (nscd, dnsmasq); musl's resolver has none and asks for A and AAAA at once",
  },
];

/** Several sockets for each connection that is opened: search domains, or lookups without a connection. */
function fixesFor(queries: DnsQueries, netns: NetnsSeries): Fix[] {
  const opened = riseOf(netns, 'TcpActiveOpens')?.rise;
  const isSearch = opened !== undefined && queries.sockets > opened * ASKS_FOR_EACH;
  return isSearch ? [SEARCH, REUSE, ...OTHERS] : [REUSE, ...OTHERS];
}

/** How many of them leave the machine by its interface: for no cache and no container here. */
function leaving({ closed, count, sockets }: DnsQueries, netns: NetnsSeries, series: Series): number {
  const far = closed.filter(({ group: { peerAddress } }) => {
    if (peerAddress === EMBEDDED_DNS_ADDRESS) return true;
    if (isLoopback(peerAddress) || localAddresses(netns).has(peerAddress)) return false;
    return containersAt(series, peerAddress).length === 0;
  });
  return sockets === 0 ? 0 : Math.round((count * sumOf(far, (group) => group.count)) / sockets);
}
