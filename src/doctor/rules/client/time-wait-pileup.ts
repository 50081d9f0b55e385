import { plural } from '../../../base/plural.ts';
import type { Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { isClient } from '../../clients/clients.ts';
import { closerOf } from '../../clients/closers.ts';
import { isReusable, portRangeOf, portUse, REUSE } from '../../clients/port-use.ts';
import { namespaceSysctlFixes } from '../../fixes/namespace-commands.ts';
import { reuseFixesTo } from '../../fixes/reuse-to.ts';
import { perNamespace } from '../../per-scope.ts';
import { filterOf } from '../../pools/pools.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { lastDump, riseOf, tcpIn } from '../../snapshots/snapshots.ts';

const settings = {
  info: { default: 10_000, unit: 'count', text: 'TIME_WAIT entries of a namespace that are reported' },
  warning: { default: 0.6, unit: 'share', text: 'of the ports for one destination held by TIME_WAIT' },
} as const;

type Values = SettingValues<typeof settings>;

/** Closed connections that still take a local port, or a place in the kernel's table. */
export const timeWaitPileup = rule({
  name: 'TIME_WAIT_PILEUP',
  title: 'Closed connections in TIME_WAIT pile up',
  settings,
  judge: perNamespace(overflow, ofDestinations, ofNamespace),
});

/** The kernel's table was full: entries were removed before their time. */
function overflow(netns: NetnsSeries): Fault[] {
  const risen = riseOf(netns, 'TcpExtTCPTimeWaitOverflow');
  if (risen === undefined || risen.rise <= 0) return [];
  const maximum = netns.sysctls['net.ipv4.tcp_max_tw_buckets'];
  return [
    {
      severity: 'critical',
      confidence: 'high',
      summary: `${plural(risen.rise, 'connection')} skipped TIME_WAIT within ${Math.round(risen.ms / 1000)} s because the table is full: late segments can reach new connections`,
      evidence: [
        { what: 'connections that skipped TIME_WAIT', value: risen.rise, source: 'TcpExtTCPTimeWaitOverflow' },
        ...(maximum === undefined
          ? []
          : [{ what: 'maximum in this namespace', value: maximum, source: 'net.ipv4.tcp_max_tw_buckets' }]),
      ],
      fixes: [
        KEEP,
        ...namespaceSysctlFixes(
          netns.namespace,
          'net.ipv4.tcp_max_tw_buckets',
          String(Math.max(65_536, Number(maximum ?? 0) * 2)),
          'raise the maximum',
        ),
      ],
      byHand: (target) => `socklens ls ${target} 'state time-wait' --by peer`,
      about: 'TIME_WAIT',
    },
  ];
}

function ofDestinations(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  const dump = lastDump(netns);
  // Without any, the range of ports is of no interest, which costs in a thousand namespaces.
  if (dump === undefined || tcpIn(dump, TCP_STATE.TIME_WAIT).length === 0) return [];
  const uses = portUse(netns, dump).filter(({ waiting }) => waiting > 0);
  if (uses.length === 0) return [];
  const range = portRangeOf(netns.sysctls);
  return uses
    .filter((use) => use.waiting / range.size >= values.warning && !isReusable(netns, use))
    .map((use) => {
      const { source, peer, port, waiting } = use;
      const text = endpointText(series.names, { plain: peer }, port);
      const holder = closerOf(netns, use);
      return {
        severity: 'warning',
        confidence: 'high',
        summary: `${waiting} of the ${range.size} local ports from ${source} to ${text} are held by connections in TIME_WAIT`,
        evidence: [
          { what: `TIME_WAIT from ${source} to ${text}`, value: waiting, source: 'sock_diag' },
          { what: 'ephemeral ports', value: range.size, source: 'net.ipv4.ip_local_port_range' },
          {
            what: 'net.ipv4.tcp_tw_reuse',
            value: netns.sysctls['net.ipv4.tcp_tw_reuse'] ?? 'not read',
            source: 'sysctl',
          },
        ],
        holder,
        fixes: [
          ...reuseFixesTo(series, netns, use, holder.process).fixes,
          ...namespaceSysctlFixes(netns.namespace, 'net.ipv4.tcp_tw_reuse', '1', REUSE),
          PEER_FIRST,
        ],
        byHand: (target) => `socklens ls ${target} 'state time-wait and ${filterOf(use)}' --by peer`,
        about: `peer ${text}`,
      } satisfies Fault;
    });
}

function ofNamespace(netns: NetnsSeries, _input: RuleInput, values: Values): Fault[] {
  const dump = lastDump(netns);
  const waiting = dump?.sockets.filter(({ proto, state }) => proto === 'tcp' && state === TCP_STATE.TIME_WAIT) ?? [];
  const all = Math.max(waiting.length, netns.samples.at(-1)?.sockstat?.timeWait ?? 0);
  if (all < values.info) return [];
  const clients = waiting.filter((socket) => isClient(netns, socket)).length;
  const server = clients * 2 < waiting.length;
  return [
    {
      severity: 'info',
      confidence: 'high',
      summary: `${all} connections are in TIME_WAIT, ${server ? "most of them a server's: they use memory only" : "most of them a client's: each takes a local port for 60 s"}`,
      evidence: [
        { what: 'TIME_WAIT entries', value: all, source: dump === undefined ? '/proc/PID/net/sockstat' : 'sock_diag' },
        { what: 'of them on the client side', value: clients, source: 'sock_diag' },
      ],
      fixes: server ? [PEER_FIRST] : [KEEP, PEER_FIRST],
      byHand: (target) => `socklens ls ${target} 'state time-wait' --by role,peer`,
      about: 'TIME_WAIT',
    },
  ];
}

const KEEP: Fix = { where: 'the application', text: 'reuse connections (keep-alive, a pool)' };

const PEER_FIRST: Fix = {
  where: 'the protocol',
  text: 'the side that closes first holds TIME_WAIT: let the other side close first where its ports do not matter',
};
