import { grouped } from '../../../base/lists.ts';
import { plural } from '../../../base/plural.ts';
import type { Evidence, Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { mainHolder, sumOf } from '../../clients/closed-connections.ts';
import { GIVEN_UP_SETTINGS, type GivenUp, givenUpIn } from '../../clients/given-up.ts';
import { otherFamilyReached } from '../../clients/other-family.ts';
import { filterFix } from '../../fixes/filter-fix.ts';
import { listenersOnPort } from '../../peers/listeners-at.ts';
import { hasFullQueue, namespaceByAddress } from '../../peers/namespace-by-address.ts';
import { serverOf } from '../../peers/server-of.ts';
import { perNamespace } from '../../per-scope.ts';
import { filterOf } from '../../pools/pools.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText, holderKey } from '../../scopes.ts';
import { type Dump, lastDump, riseOf, tcpIn } from '../../snapshots/snapshots.ts';
import { duration } from '../../texts.ts';

const settings = {
  retransmits: { default: 2, unit: 'count', text: 'retransmitted SYNs before an attempt counts' },
  warning: { default: 3, unit: 'count', text: 'retransmitted SYNs of one attempt' },
  critical: { default: 5, unit: 'count', text: 'attempts that count, to one endpoint' },
  ...GIVEN_UP_SETTINGS,
} as const;

type Values = SettingValues<typeof settings>;

/** Connection attempts without an answer. */
export const synSentStuck = rule({
  name: 'SYN_SENT_STUCK',
  title: 'Attempts to connect that get no answer',
  settings,
  judge: perNamespace(ofNamespace),
});

/** Why there is no answer, as far as this side can know. */
type Cause = 'queue-seen-full' | 'queue-likely' | 'other-family' | 'filtered' | 'silence';

/** An endpoint that does not answer. */
interface Silent {
  peer: string;
  port: number;
  text: string;
}

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  const last = lastDump(netns);
  if (last === undefined) return [];
  const stuck = tcpIn(last, TCP_STATE.SYN_SENT).filter(({ retransmits = 0 }) => retransmits >= values.retransmits);
  const groups = grouped(stuck, (socket) => `${holderKey(socket)} ${socket.peer?.plain} ${socket.peerPort}`);
  const faults = [...groups.values()].flatMap((sockets) => {
    const [first] = sockets;
    const most = Math.max(...sockets.map(({ retransmits = 0 }) => retransmits));
    if (first?.peer === undefined || (most < values.warning && sockets.length < values.critical)) return [];
    const { plain: peer } = first.peer;
    const silent = { peer, port: first.peerPort, text: endpointText(series.names, first.peer, first.peerPort) };
    const cause = causeOf(series, netns, silent);
    return [
      {
        ...ofSilent(series, netns, silent, cause),
        severity: sockets.length >= values.critical ? ('critical' as const) : ('warning' as const),
        holder: first,
        summary: `${plural(sockets.length, 'attempt')} to connect to ${silent.text} ${sockets.length === 1 ? 'gets' : 'get'} no answer: ${REASONS[cause]}`,
        evidence: [
          { what: `SYN_SENT to ${silent.text} with a retransmitted SYN`, value: sockets.length, source: 'sock_diag' },
          { what: 'retransmitted SYNs of one attempt, at most', value: most, source: 'sock_diag, retransmits' },
          ...evidenceOf(series, netns, last, silent),
        ],
      },
    ];
  });
  const known = new Set<string | undefined>(faults.map(({ about }) => about));
  const others = givenUpIn(netns, values).map((given) => ofGivenUp(series, netns, last, given, values));
  return [...faults, ...others.filter(({ about }) => !known.has(about))];
}

/** Attempts that end before the kernel tried often: the client's own timeout is short. */
function ofGivenUp(series: Series, netns: NetnsSeries, last: Dump, given: GivenUp, values: Values): Fault {
  const { peer, port, closed, meanMs, forMs } = given;
  const count = sumOf(closed, (group) => group.count);
  const silent = { peer, port, text: endpointText(series.names, { plain: peer }, port) };
  const cause = causeOf(series, netns, silent);
  return {
    ...ofSilent(series, netns, silent, cause),
    severity: count >= values.critical ? 'critical' : 'warning',
    holder: mainHolder(closed),
    summary: `${plural(count, 'attempt')} to connect to ${silent.text} got no answer and ${count === 1 ? 'was' : 'were'} given up, after ${duration(meanMs)} or so: ${REASONS[cause]}`,
    evidence: [
      { what: `attempts to connect to ${silent.text} that were given up`, value: count, source: 'destroy events' },
      { what: 'over', value: forMs, unit: 'ms', source: 'destroy events' },
      { what: 'mean time until one was given up', value: meanMs, unit: 'ms', source: 'SYN_SENT in the snapshots' },
      ...evidenceOf(series, netns, last, silent),
    ],
  };
}

function ofSilent(series: Series, netns: NetnsSeries, { peer, port, text }: Silent, cause: Cause) {
  return {
    confidence: cause === 'queue-likely' ? ('medium' as const) : ('high' as const),
    fixes: cause === 'filtered' ? filterFixes(series, netns, peer, port) : FIXES[cause],
    byHand: (target: string) => `socklens ls ${target} 'state syn-sent and ${filterOf({ peer, port })}'`,
    about: `peer ${text}`,
    ...serverOf(series, netns, peer, port),
  };
}

function evidenceOf(series: Series, netns: NetnsSeries, last: Dump, silent: Silent): Evidence[] {
  const other = otherFamilyReached(series, netns, silent);
  return [
    { what: 'established connections to the same endpoint', value: establishedTo(last, silent), source: 'sock_diag' },
    ...(other === undefined
      ? []
      : [{ what: `the same port answers over ${other.family}`, value: other.address, source: 'sock_diag, events' }]),
    ...counters(netns),
  ];
}

/** A server on this machine whose queue takes connections is not the reason: then nothing arrives there. */
function causeOf(series: Series, netns: NetnsSeries, silent: Silent): Cause {
  const { peer, port } = silent;
  const home = namespaceByAddress(series, netns, peer);
  if (home !== undefined && hasFullQueue(home, port)) return 'queue-seen-full';
  if (otherFamilyReached(series, netns, silent) !== undefined) return 'other-family';
  const dropped = home === undefined ? undefined : riseOf(home, 'TcpExtListenDrops')?.rise;
  if (home !== undefined && dropped === 0 && listenersOnPort(home, port).length > 0) return 'filtered';
  const last = lastDump(netns);
  return last === undefined || establishedTo(last, silent) === 0 ? 'silence' : 'queue-likely';
}

const REASONS: Readonly<Record<Cause, string>> = {
  'queue-seen-full': "the queue of the server's listener is full",
  'queue-likely': 'others to the same endpoint are established, so its accept queue is probably full',
  'other-family': 'packets of this address family are dropped on the way, those of the other one pass',
  filtered: 'its server listens and drops nothing, so a packet filter does, there or on the way',
  silence: 'packets are dropped on the way, or the host is down',
};

function establishedTo({ sockets }: Dump, { peer, port }: Silent): number {
  return sockets.filter(
    (socket) => socket.state === TCP_STATE.ESTABLISHED && socket.peerPort === port && socket.peer?.plain === peer,
  ).length;
}

function counters(netns: NetnsSeries): Evidence[] {
  return ['TcpExtTCPSynRetrans', 'TcpAttemptFails'].flatMap((counter) => {
    const risen = riseOf(netns, counter);
    if (risen === undefined) return [];
    return { what: `${counter} over ${Math.round(risen.ms / 1000)} s`, value: risen.rise, source: counter };
  });
}

const SILENCE: readonly Fix[] = [
  {
    where: 'the network',
    text: 'find what drops packets silently: a security group, a NetworkPolicy, a firewall, a missing route',
  },
  {
    where: 'the application',
    text: 'the address may be wrong or its machine gone; a connect timeout of a few seconds fails sooner than the two minutes of the kernel',
  },
];

const QUEUE: readonly Fix[] = [
  {
    where: 'the server',
    text: 'accept faster, or raise both the backlog and net.core.somaxconn: see LISTEN_OVERFLOW there',
  },
  { where: 'the application', text: 'open fewer connections at once: reuse them, in a pool with a cap' },
];

function filterFixes(series: Series, netns: NetnsSeries, peer: string, port: number): Fix[] {
  const home = namespaceByAddress(series, netns, peer);
  return home === undefined ? [] : [filterFix(home, port), ...SILENCE.slice(0, 1)];
}

const OTHER_FAMILY: readonly Fix[] = [
  {
    where: 'the network',
    text: 'IPv6 and IPv4 lead to different ends: repair the route or the filter of the family that is silent (mostly IPv6), or take its address out of the name (the AAAA record)',
  },
  {
    where: 'the application',
    text: 'until then try both addresses at once (happy eyeballs), or the one that works first',
    snippet: 'precedence ::ffff:0:0/96 100   # /etc/gai.conf of the C library: IPv4 first',
  },
];

const FIXES: Readonly<Record<Exclude<Cause, 'filtered'>, readonly Fix[]>> = {
  'queue-seen-full': QUEUE,
  'queue-likely': QUEUE,
  'other-family': OTHER_FAMILY,
  silence: SILENCE,
};
