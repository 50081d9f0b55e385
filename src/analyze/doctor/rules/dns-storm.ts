import type { EndedGroup } from '../../../model/ended-group.ts';
import type { Finding, Fix } from '../../../model/finding.ts';
import type { SpaceSeries } from '../../../model/series.ts';
import { type EndedAt, eventsLost, mainHolder, sumOf } from '../ended.ts';
import { isLoopback } from '../endpoints.ts';
import { localAddresses } from '../homes.ts';
import { dumpsOf, riseOf } from '../looks.ts';
import { perSecond } from '../rates.ts';
import { type RuleInput, rule, type SettingValues } from '../rule.ts';
import { endpointText, spaceScope } from '../scopes.ts';

const settings = {
  warning: { default: 100, unit: 'per-second', text: 'queries of a namespace' },
  critical: {
    default: 700,
    unit: 'per-second',
    text: 'queries of a namespace: the resolver of a VPC takes 1,024 packets a second from one interface',
  },
  minimumMs: { default: 1_000, unit: 'ms', text: 'how long must be looked to speak of a rate' },
} as const;

type Values = SettingValues<typeof settings>;

const DNS = 53;

/** Names that are asked for again and again. */
export const dnsStorm = rule({
  name: 'DNS_STORM',
  title: 'Many more DNS queries than connections can need',
  settings,
  needsMs: ({ minimumMs }) => minimumMs,
  judge: (input, values) => input.series.spaces.flatMap((space) => ofSpace(space, input, values)),
});

function ofSpace(space: SpaceSeries, { series }: RuleInput, values: Values): Finding[] {
  const ms = (space.samples.at(-1)?.atMs ?? 0) - (space.samples[0]?.atMs ?? 0);
  if (ms < values.minimumMs) return [];
  const ended = queriesIn(space);
  const bySockets = sumOf(ended, ({ count }) => count);
  const datagrams = kept(space);
  const queries = Math.max(bySockets, datagrams ?? 0);
  const rate = (queries * 1000) / ms;
  if (rate <= values.warning) return [];
  const scope = spaceScope(space.space);
  const { process } = mainHolder(ended);
  const peers = [
    ...new Set(ended.map(({ group }) => endpointText(series.names, { plain: group.peerAddress }, DNS, 'udp'))),
  ];
  const out = riseOf(space, 'UdpOutDatagrams')?.rise;
  return [
    {
      rule: 'DNS_STORM',
      severity: rate > values.critical ? 'critical' : 'warning',
      confidence: bySockets === queries ? 'high' : 'medium',
      scope,
      summary: `${perSecond(queries, ms)} DNS queries a second${process === undefined ? '' : `, most of them of ${process.pid}/${process.name}`}`,
      evidence: [
        { what: 'sockets to port 53 that ended', value: bySockets, source: 'destroy events' },
        { what: 'a second', value: perSecond(queries, ms), unit: 'per second', source: 'destroy events' },
        ...(out === undefined ? [] : [{ what: 'UDP datagrams sent', value: out, source: 'UdpOutDatagrams' }]),
        ...(peers.length === 0
          ? []
          : [{ what: 'asked', value: peers.slice(0, 3).join(', '), source: 'destroy events' }]),
        ...(eventsLost(space) === 0
          ? []
          : [
              {
                what: 'times that events were lost: the rate is a lower bound',
                value: eventsLost(space),
                source: 'netlink',
              },
            ]),
      ],
      fixes: FIXES,
      byHand: `socklens events ${scope.target} 'dport 53' --for 5s`,
      about: 'port 53',
    },
  ];
}

/** What ended towards port 53, a resolver's own queries left out. */
function queriesIn(space: SpaceSeries): EndedAt[] {
  const resolvers = resolversOf(space);
  return space.samples
    .slice(1)
    .flatMap(({ atMs, ended }) =>
      (ended ?? [])
        .filter((group) => isQuery(group) && !isResolvers(group, resolvers, space))
        .map((group) => ({ atMs, group })),
    );
}

function isQuery({ proto, peerPort }: EndedGroup): boolean {
  return proto === 'udp' && peerPort === DNS;
}

/** Whoever is bound to port 53 in the namespace; `unknown` where nobody was seen to hold it. */
function resolversOf(space: SpaceSeries): ReadonlySet<number | 'unknown'> {
  const pids = new Set<number | 'unknown'>();
  for (const { sockets } of dumpsOf(space)) {
    for (const { proto, localPort, peerPort, process } of sockets) {
      if (proto === 'udp' && localPort === DNS && peerPort === 0) pids.add(process?.pid ?? 'unknown');
    }
  }
  return pids;
}

/** A query of somebody who answers queries: of a known one, or of nobody known to a resolver elsewhere. */
function isResolvers(
  { process, peerAddress }: EndedGroup,
  resolvers: ReadonlySet<number | 'unknown'>,
  space: SpaceSeries,
) {
  if (resolvers.size === 0) return false;
  if (process !== undefined) return resolvers.has(process.pid);
  return !isLoopback(peerAddress) && !localAddresses(space).has(peerAddress);
}

/**
 * Datagrams sent where every UDP socket with a peer talks to port 53 and is kept for many queries; undefined
 * where others send as well, or nobody does.
 */
function kept(space: SpaceSeries): number | undefined {
  let queries = 0;
  const resolvers = resolversOf(space);
  for (const { sockets } of dumpsOf(space)) {
    for (const { proto, peerPort } of sockets) {
      if (proto !== 'udp') continue;
      if (peerPort !== DNS) return undefined;
      queries++;
    }
  }
  if (queries === 0 || resolvers.size > 0) return undefined;
  return riseOf(space, 'UdpOutDatagrams')?.rise;
}

const FIXES: readonly Fix[] = [
  {
    where: 'the application',
    text: 'keep connections: each new one asks for its name again; cache names for as long as their TTL says',
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
