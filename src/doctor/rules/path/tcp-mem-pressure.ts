import { grouped } from '../../../base/lists.ts';
import { limitShare } from '../../../model/container/limits.ts';
import type { Evidence } from '../../../model/finding/finding.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { hostSysctlFixes } from '../../fixes/namespace-commands.ts';
import { perHost, perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { holderKey, holderScope } from '../../scopes.ts';
import { lastDump, riseOf } from '../../snapshots/snapshots.ts';
import { percent } from '../../texts.ts';

const settings = {
  warning: { default: 1, unit: 'share', text: 'of the pressure threshold of tcp_mem, more than this' },
  critical: { default: 0.9, unit: 'share', text: 'of the maximum of tcp_mem, more than this' },
  container: {
    default: 0.3,
    unit: 'share',
    text: "of a container's memory limit taken by its sockets, more than this",
  },
} as const;

type Values = SettingValues<typeof settings>;

/** The buffers of all TCP sockets together come close to the limits of the kernel. */
export const tcpMemPressure = rule({
  name: 'TCP_MEM_PRESSURE',
  title: 'TCP buffers close to the limits of tcp_mem',
  settings,
  judge: [perHost(ofHost), perNamespace(ofContainers)],
});

/** Counters of what the kernel does for lack of memory. */
const CONSEQUENCES = ['TCPMemoryPressures', 'TCPAbortOnMemory', 'PruneCalled', 'RcvPruned'].map(
  (name) => `TcpExt${name}`,
);

function ofHost({ series }: RuleInput, values: Values): Fault[] {
  const [most] = series.host
    .flatMap(({ tcpMemPages: pages, tcpMemLimits: limits }) =>
      pages === undefined || limits === undefined ? [] : [{ pages, limits }],
    )
    .sort((a, b) => b.pages - a.pages);
  if (most === undefined) return [];
  const { pages, limits } = most;
  const [, pressure, high] = limits;
  const critical = pages > high * values.critical;
  if (!critical && pages <= pressure * values.warning) return [];
  return [
    {
      severity: critical ? 'critical' : 'warning',
      confidence: 'high',
      summary: `TCP buffers of the whole host use ${pages} pages, ${percent(pages / high)} of the tcp_mem maximum (${high}); memory pressure begins at ${pressure}`,
      evidence: [
        { what: 'memory of TCP buffers', value: pages, unit: 'pages', source: '/proc/net/sockstat, TCP mem' },
        { what: 'tcp_mem', value: limits.join(' '), unit: 'pages', source: 'net.ipv4.tcp_mem of the host' },
        ...consequences(series),
        ...fullest(series),
      ],
      fixes: [
        {
          where: 'the applications',
          text: 'unread and unsent bytes are what takes the memory: fix slow readers first (SLOW_READER, ZERO_WINDOW_STUCK), and limit SO_RCVBUF and SO_SNDBUF',
        },
        ...hostSysctlFixes('net.ipv4.tcp_mem', limits.map((pages) => pages * 2).join(' ')),
      ],
      byHand: 'grep TCP: /proc/net/sockstat; sysctl net.ipv4.tcp_mem',
    },
  ];
}

function consequences({ namespaces }: Series): Evidence[] {
  return CONSEQUENCES.flatMap((source) => {
    const value = namespaces.reduce((sum, namespace) => sum + (riseOf(namespace, source)?.rise ?? 0), 0);
    return value === 0 ? [] : [{ what: `${source.slice('TcpExt'.length)} during the run`, value, source }];
  });
}

/** Who has the most bytes in its queues. */
function fullest({ namespaces }: Series): Evidence[] {
  const holders = namespaces.flatMap((netns) => {
    const connections = (lastDump(netns)?.sockets ?? []).filter(
      ({ proto, peerPort }) => proto === 'tcp' && peerPort > 0,
    );
    return [...grouped(connections, holderKey).values()].flatMap(([first, ...others]) => {
      if (first === undefined) return [];
      const bytes = [first, ...others].reduce((sum, each) => sum + (each.receiveQueue ?? 0) + (each.sendQueue ?? 0), 0);
      return [{ name: holderScope(netns.namespace, first).name, bytes }];
    });
  });
  const [most] = holders.sort((a, b) => b.bytes - a.bytes);
  if (most === undefined || most.bytes === 0) return [];
  return [{ what: `most bytes in queues: ${most.name}`, value: most.bytes, unit: 'bytes', source: 'sock_diag' }];
}

function ofContainers({ samples }: NetnsSeries, _input: RuleInput, values: Values): Fault[] {
  const uses = samples.flatMap(({ memory = [] }) => memory);
  return [...grouped(uses, ({ container }) => container).values()].flatMap((all): Fault[] => {
    const last = all.at(-1);
    if (last?.limitBytes === undefined || last.bytes <= last.limitBytes * values.container) return [];
    return [
      {
        severity: 'info',
        confidence: 'high',
        holder: { container: last.container },
        summary: `buffers of its sockets take ${percent(limitShare(last.bytes, last.limitBytes) ?? 0)} of the container's memory limit`,
        evidence: [
          { what: 'buffers of sockets', value: last.bytes, unit: 'bytes', source: 'memory.stat of its cgroup, sock' },
          { what: 'memory limit', value: last.limitBytes, unit: 'bytes', source: 'memory.max of its cgroup' },
        ],
        fixes: [
          {
            where: 'the application',
            text: 'fewer bytes in queues: fix slow readers, bound SO_RCVBUF and SO_SNDBUF; or a higher memory limit',
          },
        ],
        byHand: (target) => `socklens ls ${target} 'recvq > 64KiB or sendq > 64KiB'`,
      },
    ];
  });
}
