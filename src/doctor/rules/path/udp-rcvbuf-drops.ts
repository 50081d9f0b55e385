import { grouped } from '../../../base/lists.ts';
import { plural } from '../../../base/plural.ts';
import type { Evidence, Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { hostSysctlFixes, inside } from '../../fixes/namespace-commands.ts';
import { droppedSenders } from '../../packets/packet-evidence.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { holderKey } from '../../scopes.ts';
import { sameIn } from '../../snapshots/same-socket.ts';
import { dumpsOf, riseOf } from '../../snapshots/snapshots.ts';
import { percent } from '../../texts.ts';

const settings = {
  warning: { default: 1, unit: 'count', text: 'datagrams dropped during the run' },
  critical: { default: 0.01, unit: 'share', text: 'of the datagrams that were received' },
} as const;

type Values = SettingValues<typeof settings>;

/** Datagrams dropped because the application had not read those before. */
export const udpRcvbufDrops = rule({
  name: 'UDP_RCVBUF_DROPS',
  title: 'Datagrams dropped because a receive buffer was full',
  settings,
  needsSnapshots: () => 2,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  const errors = riseOf(netns, 'UdpRcvbufErrors')?.rise ?? 0;
  const received = riseOf(netns, 'UdpInDatagrams')?.rise ?? 0;
  const critical = errors > 0 && errors >= received * values.critical;
  const severity = critical ? ('critical' as const) : ('warning' as const);
  const counters: Evidence[] = [
    { what: 'dropped in the namespace (IPv4)', value: errors, unit: 'datagrams', source: 'UdpRcvbufErrors' },
    { what: 'received in the namespace (IPv4)', value: received, unit: 'datagrams', source: 'UdpInDatagrams' },
  ];
  const share = errors === 0 ? '' : ` (${percent(errors / (errors + received))} of what the namespace received)`;
  const sockets = droppedDatagrams(netns).filter(({ drops }) => drops >= values.warning);
  const findings = [...grouped(sockets, keyOf).values()].flatMap((group): Fault[] => {
    const [most] = [...group].sort((a, b) => b.drops - a.drops);
    if (most === undefined) return [];
    const { socket } = most;
    const drops = group.reduce((sum, member) => sum + member.drops, 0);
    const buffer = socket.receiveBufferBytes();
    return [
      {
        severity,
        confidence: 'high',
        holder: socket,
        summary: `${plural(drops, 'datagram')} to port ${socket.localPort} dropped: the receive buffer was full${share}`,
        evidence: [
          {
            what: `dropped at port ${socket.localPort}`,
            value: drops,
            unit: 'datagrams',
            source: 'sock_diag, SKMEMINFO',
          },
          ...(buffer === undefined
            ? []
            : [{ what: 'receive buffer', value: buffer, unit: 'bytes', source: 'sock_diag, SKMEMINFO' }]),
          ...(socket.receiveQueue === undefined
            ? []
            : [
                { what: 'of it in use', value: socket.receiveQueue, unit: 'bytes', source: 'sock_diag, receive queue' },
              ]),
          ...droppedSenders(series, netns, socket.localPort),
          ...counters,
        ],
        fixes: fixes(buffer),
        byHand: inside(netns.namespace, `ss -uamn 'sport = :${socket.localPort}'`),
        about: `port ${socket.localPort}`,
      },
    ];
  });
  if (findings.length > 0 || errors < values.warning) return findings;
  return [
    {
      severity,
      confidence: 'medium',
      summary: `${plural(errors, 'datagram')} dropped: a receive buffer was full${share}; its socket was not in two snapshots`,
      evidence: [...droppedSenders(series, netns), ...counters],
      fixes: fixes(undefined),
      byHand: inside(netns.namespace, 'nstat -azs UdpRcvbufErrors UdpInDatagrams'),
    },
  ];
}

function keyOf({ socket }: DroppedDatagrams): string {
  return `${holderKey(socket)} ${socket.localPort}`;
}

function fixes(bufferBytes: number | undefined): Fix[] {
  const bytes = Math.max(4_194_304, 2 ** Math.ceil(Math.log2((bufferBytes ?? 1) * 4)));
  return [
    {
      where: 'the application',
      text: `read faster (a task of its own that only receives, recvmmsg, several sockets with SO_REUSEPORT), and ask for a larger buffer with SO_RCVBUF, up to net.core.rmem_max`,
      snippet: `setsockopt(fd, SOL_SOCKET, SO_RCVBUF, ${bytes})`,
    },
    ...hostSysctlFixes('net.core.rmem_max', String(bytes)),
  ];
}

/** A UDP socket, and the datagrams that it dropped during the run. */
interface DroppedDatagrams {
  socket: StoredSocket;
  drops: number;
}

/**
 * UDP sockets that dropped datagrams because their receive buffer was full. A socket also counts datagrams
 * with a wrong checksum and those over udp_mem as dropped: where the counters of the namespace show only
 * those, nothing is reported. Empty when there was one dump only.
 */
function droppedDatagrams(netns: NetnsSeries): DroppedDatagrams[] {
  const dumps = dumpsOf(netns);
  const [first] = dumps;
  const last = dumps.at(-1);
  if (first === undefined || last === undefined || first === last) return [];
  const full = riseOf(netns, 'UdpRcvbufErrors')?.rise;
  const others = ['UdpInCsumErrors', 'UdpMemErrors'].reduce((sum, name) => sum + (riseOf(netns, name)?.rise ?? 0), 0);
  return last.sockets.flatMap((socket) => {
    if (socket.proto !== 'udp' && socket.proto !== 'udplite') return [];
    const drops = (socket.drops() ?? 0) - (sameIn(first, socket)?.drops() ?? 0);
    // The counter is that of IPv4: an IPv6 socket is judged by its own drops.
    if (drops <= others || (socket.family === 'inet' && full === 0)) return [];
    return [{ socket, drops }];
  });
}
