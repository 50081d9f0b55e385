import { EMBEDDED_DNS_ADDRESS } from '../../../model/container/embedded-dns.ts';
import type { Fix } from '../../../model/finding/finding.ts';
import type { ClosedGroup } from '../../../model/sample/closed-group.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { type ClosedAt, eventsLost, mainHolder, perSecond, sumOf } from '../../clients/closed-connections.ts';
import { containerAt, isLoopback } from '../../peers/endpoints.ts';
import { localAddresses } from '../../peers/namespace-by-address.ts';
import { perHost, perNamespace } from '../../per-scope.ts';
import { type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { dumpsOf, ofProto, riseOf } from '../../snapshots/snapshots.ts';

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
  judge(input, values) {
    const found = ofNamespaces(input, values);
    return found.some(({ severity }) => severity === 'critical') ? found : [...found, ...ofMachine(input, values)];
  },
});

/** Containers that are quiet enough one by one, behind one interface of the machine. */
const ofMachine = perHost(({ series }: RuleInput, values: Values) => {
  const ms = series.toMs - series.fromMs;
  if (ms < values.minimumMs) return [];
  const counts = series.namespaces.flatMap((netns) => {
    const count = sumOf(leaving(queriesIn(netns), netns, series), (group) => group.count);
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
        { what: 'closed sockets to port 53 elsewhere', value: queries, source: 'destroy events' },
        {
          what: 'busiest namespaces',
          value: most.map(({ name, count }) => `${name} ${perSecond(count, ms)}`).join(', '),
          unit: 'per second',
          source: 'destroy events',
        },
      ],
      fixes: FIXES,
      byHand: "socklens events all 'dport 53' --for 5s",
      about: 'port 53',
    },
  ];
});

const ofNamespaces = perNamespace((netns: NetnsSeries, { series }: RuleInput, values: Values) => {
  const ms = (netns.samples.at(-1)?.atMs ?? 0) - (netns.samples[0]?.atMs ?? 0);
  if (ms < values.minimumMs) return [];
  const closed = queriesIn(netns);
  const bySockets = sumOf(closed, ({ count }) => count);
  const datagrams = keptQueries(netns);
  const queries = Math.max(bySockets, datagrams ?? 0);
  const rate = (queries * 1000) / ms;
  if (rate <= values.warning) return [];
  const { process } = mainHolder(closed);
  const ofProcess = closed.filter(({ group }) => group.process?.pid === process?.pid);
  const mainly = process !== undefined && sumOf(ofProcess, ({ count }) => count) * 2 > queries;
  const peers = [
    ...new Set(closed.map(({ group }) => endpointText(series.names, { plain: group.peerAddress }, DNS, 'udp'))),
  ];
  const out = riseOf(netns, 'UdpOutDatagrams')?.rise;
  return [
    {
      severity: rate > values.critical ? 'critical' : 'warning',
      confidence: bySockets === queries ? 'high' : 'medium',
      summary: `${perSecond(queries, ms)} DNS queries a second${mainly ? `, most of them of ${process.pid}/${process.name}` : ''}`,
      evidence: [
        { what: 'closed sockets to port 53', value: bySockets, source: 'destroy events' },
        { what: 'a second', value: perSecond(queries, ms), unit: 'per second', source: 'destroy events' },
        ...(out === undefined ? [] : [{ what: 'UDP datagrams sent', value: out, source: 'UdpOutDatagrams' }]),
        ...(peers.length === 0
          ? []
          : [{ what: 'DNS servers', value: peers.slice(0, 3).join(', '), source: 'destroy events' }]),
        ...(eventsLost(netns) === 0
          ? []
          : [
              {
                what: 'times that events were lost (the rate is a lower bound)',
                value: eventsLost(netns),
                source: 'netlink',
              },
            ]),
      ],
      fixes: FIXES,
      byHand: (target) => `socklens events ${target} 'dport 53' --for 5s`,
      about: 'port 53',
    },
  ];
});

const FIXES: readonly Fix[] = [
  {
    where: 'the application',
    text: 'reuse connections: each new one resolves its name again; cache names for their TTL',
  },
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

/** Port of the Domain Name System. */
const DNS = 53;

/** Closed sockets to port 53, without a resolver's own queries. */
function queriesIn(netns: NetnsSeries): ClosedAt[] {
  const resolvers = resolversOf(netns);
  return netns.samples
    .slice(1)
    .flatMap(({ atMs, closed }) =>
      (closed ?? [])
        .filter((group) => isQuery(group) && !isResolvers(group, resolvers, netns))
        .map((group) => ({ atMs, group })),
    );
}

function isQuery({ proto, peerPort }: ClosedGroup): boolean {
  return proto === 'udp' && peerPort === DNS;
}

/** The processes bound to port 53 in the namespace; `unknown` for a socket without a known process. */
function resolversOf(netns: NetnsSeries): ReadonlySet<number | 'unknown'> {
  const pids = new Set<number | 'unknown'>();
  for (const dump of dumpsOf(netns)) {
    for (const { localPort, peerPort, holders } of ofProto(dump, 'udp')) {
      if (localPort !== DNS || peerPort !== 0) continue;
      if (holders.length === 0) pids.add('unknown');
      for (const { pid } of holders) pids.add(pid);
    }
  }
  return pids;
}

/** A query sent by a resolver of the namespace: by its process, or by an unknown process to a resolver elsewhere. */
function isResolvers(
  { process, peerAddress }: ClosedGroup,
  resolvers: ReadonlySet<number | 'unknown'>,
  netns: NetnsSeries,
) {
  if (resolvers.size === 0) return false;
  if (process !== undefined) return resolvers.has(process.pid);
  return !isLoopback(peerAddress) && !localAddresses(netns).has(peerAddress);
}

/**
 * Datagrams sent, where every UDP socket with a peer talks to port 53 and is reused for many queries; undefined
 * where others send as well, or no socket does.
 */
function keptQueries(netns: NetnsSeries): number | undefined {
  let queries = 0;
  const resolvers = resolversOf(netns);
  for (const dump of dumpsOf(netns)) {
    for (const { peerPort } of ofProto(dump, 'udp')) {
      if (peerPort !== DNS) return undefined;
      queries++;
    }
  }
  if (queries === 0 || resolvers.size > 0) return undefined;
  return riseOf(netns, 'UdpOutDatagrams')?.rise;
}

/** Those of them that leave the machine by its interface: for no cache and no container here. */
function leaving(queries: readonly ClosedAt[], netns: NetnsSeries, series: Series): ClosedAt[] {
  return queries.filter(({ group: { peerAddress } }) => {
    if (peerAddress === EMBEDDED_DNS_ADDRESS) return true;
    if (isLoopback(peerAddress) || localAddresses(netns).has(peerAddress)) return false;
    return containerAt(series, peerAddress) === undefined;
  });
}
