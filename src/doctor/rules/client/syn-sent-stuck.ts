import { grouped } from '../../../base/lists.ts';
import type { Evidence, Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { hasFullQueue, namespaceByAddress } from '../../peers/namespace-by-address.ts';
import { perNamespace } from '../../per-scope.ts';
import { filterOf } from '../../pools/pools.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText, holderKey, netnsScope } from '../../scopes.ts';
import { type Dump, lastDump, riseOf, tcpIn } from '../../snapshots/snapshots.ts';

const settings = {
  retransmits: { default: 2, unit: 'count', text: 'retransmitted SYNs before an attempt counts' },
  warning: { default: 3, unit: 'count', text: 'retransmitted SYNs of one attempt' },
  critical: { default: 5, unit: 'count', text: 'attempts that count, to one endpoint' },
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
type Cause = 'queue-seen-full' | 'queue-likely' | 'silence';

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  const last = lastDump(netns);
  if (last === undefined) return [];
  const stuck = tcpIn(last, TCP_STATE.SYN_SENT).filter(({ retransmits }) => retransmits >= values.retransmits);
  const groups = grouped(stuck, (socket) => `${holderKey(socket)} ${socket.peer?.plain} ${socket.peerPort}`);
  return [...groups.values()].flatMap((sockets) => {
    const [first] = sockets;
    const most = Math.max(...sockets.map(({ retransmits }) => retransmits));
    if (first?.peer === undefined || (most < values.warning && sockets.length < values.critical)) return [];
    const endpoint = { peer: first.peer.plain, port: first.peerPort };
    const established = establishedTo(last, endpoint);
    const home = namespaceByAddress(series, netns, endpoint.peer);
    const full = home !== undefined && hasFullQueue(home, endpoint.port);
    const cause: Cause = full ? 'queue-seen-full' : established > 0 ? 'queue-likely' : 'silence';
    const text = endpointText(series.names, first.peer, endpoint.port);
    return {
      severity: sockets.length >= values.critical ? 'critical' : 'warning',
      confidence: cause === 'queue-likely' ? 'medium' : 'high',
      holder: first,
      summary: `${sockets.length} ${sockets.length === 1 ? 'attempt' : 'attempts'} to connect to ${text} ${sockets.length === 1 ? 'gets' : 'get'} no answer: ${REASONS[cause]}`,
      evidence: [
        { what: `SYN_SENT to ${text} with a retransmitted SYN`, value: sockets.length, source: 'sock_diag' },
        { what: 'retransmitted SYNs of one attempt, at most', value: most, source: 'sock_diag, retransmits' },
        { what: 'established connections to the same endpoint', value: established, source: 'sock_diag' },
        ...counters(netns),
      ],
      fixes: cause === 'silence' ? SILENCE : QUEUE,
      byHand: (target) => `socklens ls ${target} 'state syn-sent and ${filterOf(endpoint)}'`,
      about: `peer ${text}`,
      ...(home !== undefined && { server: { target: netnsScope(home.namespace).target, port: endpoint.port } }),
    };
  });
}

const REASONS: Readonly<Record<Cause, string>> = {
  'queue-seen-full': "the queue of the server's listener is full",
  'queue-likely': 'others to the same endpoint are established, so its accept queue is probably full',
  silence: 'packets are dropped on the way, or the host is down',
};

function establishedTo({ sockets }: Dump, { peer, port }: { peer: string; port: number }): number {
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
