import type { Series } from '../../../model/sample/series.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { perHost } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { lastDump, riseOf } from '../../snapshots/snapshots.ts';

const settings = {
  critical: { default: 0.5, unit: 'share', text: "of the host's tcp_max_orphans in use" },
} as const;

/** Near tcp_max_orphans the kernel resets closed connections that still have data to deliver. */
export const orphans = rule({
  name: 'ORPHANS',
  title: 'Orphaned connections close to the maximum of the host',
  settings,
  judge: perHost(ofHost),
});

function ofHost({ series }: RuleInput, values: SettingValues<typeof settings>): Fault[] {
  const last = series.host.findLast(
    ({ orphans: count, maxOrphans }) => count !== undefined && maxOrphans !== undefined,
  );
  const { orphans: count = 0, maxOrphans: max = 0 } = last ?? {};
  if (max === 0 || count < max * values.critical) return [];
  // Each namespace counts its own aborts, the allowance is one for all of them.
  const aborts = series.namespaces.reduce(
    (sum, namespace) => sum + (riseOf(namespace, 'TcpExtTCPAbortOnMemory')?.rise ?? 0),
    0,
  );
  const holders = series.namespaces
    .map((netns) => ({ name: netns.namespace.name, held: orphansOf(netns) }))
    .filter(({ held }) => held > 0)
    .sort((a, b) => b.held - a.held);
  const percent = Math.round((count / max) * 100);
  return [
    {
      severity: 'critical',
      confidence: 'high',
      summary: `${count} orphaned connections on the whole host, ${percent} % of tcp_max_orphans (${max}): above it the kernel resets them`,
      evidence: [
        { what: 'orphaned connections, all namespaces', value: count, source: '/proc/net/sockstat' },
        { what: 'maximum of the host', value: max, source: 'net.ipv4.tcp_max_orphans' },
        ...(aborts > 0
          ? [{ what: 'connections reset because of it', value: aborts, source: 'TcpExtTCPAbortOnMemory' }]
          : []),
        ...holders
          .slice(0, 3)
          .map(({ name, held }) => ({ what: `of them in ${name}`, value: held, source: 'sock_diag' })),
      ],
      fixes: [
        { where: 'the network', text: 'find the peers that no longer acknowledge: their connections are the orphans' },
        {
          where: 'the host, /etc/sysctl.d',
          text: 'raise the maximum (each may hold 64 KiB of unswappable memory), or give up sooner; a container has no maximum of its own',
          snippet: `net.ipv4.tcp_max_orphans = ${max * 2}`,
        },
      ],
      byHand: 'grep TCP: /proc/net/sockstat; sysctl net.ipv4.tcp_max_orphans',
    },
  ];
}

const STATES: readonly number[] = [TCP_STATE.FIN_WAIT1, TCP_STATE.LAST_ACK, TCP_STATE.CLOSING];

function orphansOf(namespace: Series['namespaces'][number]): number {
  const sockets = lastDump(namespace)?.sockets ?? [];
  return sockets.filter(({ proto, state, inode }) => proto === 'tcp' && inode === 0 && STATES.includes(state)).length;
}
