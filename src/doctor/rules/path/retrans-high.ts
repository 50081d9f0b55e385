import { plural } from '../../../base/plural.ts';
import type { Evidence, Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import type { InfoField } from '../../../model/socket/socket-columns.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { inside } from '../../fixes/namespace-commands.ts';
import { retransmittedTo } from '../../packets/packet-evidence.ts';
import { type PeerFault, peersOf, perNamespace, type SocketGroup } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { sameIn } from '../../snapshots/same-socket.ts';
import { type Dump, riseOf } from '../../snapshots/snapshots.ts';
import { percent } from '../../texts.ts';

const settings = {
  connection: { default: 0.02, unit: 'share', text: 'of what a connection sent, retransmitted' },
  minBytes: { default: 1_048_576, unit: 'bytes', text: 'fewest bytes sent by a connection, or' },
  minSegments: { default: 1000, unit: 'count', text: 'fewest segments sent: below, single losses decide' },
  warning: { default: 0.01, unit: 'share', text: 'of the segments of a namespace, retransmitted' },
  critical: { default: 0.05, unit: 'share', text: 'of the segments of a namespace, retransmitted' },
  needless: {
    default: 0.5,
    unit: 'share',
    text: 'of the retransmissions that were unnecessary or reordered (no loss)',
  },
} as const;

type Values = SettingValues<typeof settings>;

/** Packets are lost on the way: much has to be sent again. */
export const retransHigh = rule({
  name: 'RETRANS_HIGH',
  title: 'Much of what is sent is retransmitted',
  settings,
  needsSnapshots: () => 2,
  judge: perNamespace(peersOf(find, describe), ofNamespace),
});

function find(dumps: readonly Dump[], _last: Dump, values: Values): Retransmitted[] {
  return retransmittedIn(dumps).filter(
    ({ bytesSent, segments, segmentsAgain, share, needless, reordered }) =>
      (bytesSent >= values.minBytes || segments >= values.minSegments) &&
      share >= values.connection &&
      needless < segmentsAgain * values.needless &&
      reordered < segmentsAgain * values.needless,
  );
}

function describe({ with: end, members }: SocketGroup<Retransmitted>): PeerFault {
  const sum = (field: 'bytesSent' | 'bytesAgain' | 'segmentsAgain') =>
    members.reduce((total, member) => total + member[field], 0);
  const worst = members.reduce((a, b) => (b.share > a.share ? b : a));
  const rttUs = worst.socket.tcpInfoNumber('rttUs');
  return {
    severity: 'warning',
    confidence: 'high',
    summary: `${plural(members.length, 'connection')} ${end} retransmitted up to ${percent(worst.share)}: packets are lost on the way`,
    evidence: [
      {
        what: 'bytes sent',
        value: sum('bytesSent'),
        unit: 'bytes',
        source: 'sock_diag, tcp_info, since the first snapshot',
      },
      { what: 'bytes retransmitted', value: sum('bytesAgain'), unit: 'bytes', source: 'sock_diag, tcp_info' },
      { what: 'segments retransmitted', value: sum('segmentsAgain'), source: 'sock_diag, tcp_info' },
      { what: 'of them unnecessary (worst connection)', value: worst.needless, source: 'sock_diag, dsack_dups' },
      ...present('path MTU', worst.socket.tcpInfoNumber('pathMtuBytes'), 'bytes'),
      ...present('round-trip time', rttUs === undefined ? undefined : rttUs / 1000, 'ms'),
    ],
    fixes,
    byHand: (target) => `socklens ls ${target} 'retrans > 0'`,
  };
}

function present(what: string, value: number | undefined, unit: string): Evidence[] {
  return value === undefined ? [] : [{ what, value, unit, source: 'sock_diag, tcp_info' }];
}

/** The counters of a namespace, without unanswered SYNs, which have a counter and causes of their own. */
function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  const rise = (counter: string) => riseOf(netns, counter)?.rise ?? 0;
  const sent = rise('TcpOutSegs');
  const syns = rise('TcpExtTCPSynRetrans');
  const again = rise('TcpRetransSegs') - syns;
  const needless = rise('TcpExtTCPDSACKRecv');
  if (sent < values.minSegments || again < sent * values.warning || needless >= again * values.needless) return [];
  return [
    {
      severity: again >= sent * values.critical ? 'critical' : 'warning',
      confidence: 'medium',
      summary: `${percent(again / sent)} of all segments were retransmitted: packets are lost on the way`,
      evidence: [
        { what: 'segments sent', value: sent, source: 'TcpOutSegs' },
        { what: 'of them retransmitted, without SYNs', value: again, source: 'TcpRetransSegs, TcpExtTCPSynRetrans' },
        { what: 'SYNs retransmitted', value: syns, source: 'TcpExtTCPSynRetrans' },
        { what: 'unnecessary according to the peers', value: needless, source: 'TcpExtTCPDSACKRecv' },
        { what: 'timeouts', value: rise('TcpExtTCPTimeouts'), source: 'TcpExtTCPTimeouts' },
        ...retransmittedTo(series, netns),
      ],
      fixes,
      byHand: inside(netns.namespace, 'nstat -azs TcpOutSegs TcpRetransSegs TcpExtTCPSynRetrans'),
    },
  ];
}

const fixes: readonly Fix[] = [
  {
    where: 'the network path',
    text: 'look for drops on the way: ethtool -S and ip -s link on both hosts, policers and full queues between them',
  },
  {
    where: 'the MTU',
    text: 'an overlay or a tunnel needs a smaller MTU than its carrier: compare the path MTU above with ip link of the container and of the host',
  },
  {
    where: 'the receiver',
    text: 'a container whose CPU is throttled reads late and drops: see nr_throttled in cpu.stat of its cgroup',
  },
];

/** What a connection sent during the run, and how much of it again. */
interface Retransmitted {
  socket: StoredSocket;
  bytesSent: number;
  bytesAgain: number;
  /** Segments with data. */
  segments: number;
  segmentsAgain: number;
  /** Unnecessary retransmissions (duplicate SACKs), and reordered packets. */
  needless: number;
  reordered: number;
  /** Bytes sent again of the bytes sent, or segments where the kernel does not count bytes. */
  share: number;
}

/**
 * What the connections of the last dump sent since the first; a connection that is newer, since its beginning.
 * Empty when there was one dump only: what a connection did in its whole life is no rate.
 */
function retransmittedIn(dumps: readonly Dump[]): Retransmitted[] {
  const [first] = dumps;
  const last = dumps.at(-1);
  if (first === undefined || last === undefined || first === last) return [];
  return last.sockets
    .filter((socket) => (socket.tcpInfoNumber('totalRetrans') ?? 0) !== 0)
    .map((socket) => difference(socket, sameIn(first, socket)));
}

function difference(socket: StoredSocket, before: StoredSocket | undefined): Retransmitted {
  const rise = (field: InfoField) =>
    Math.max(0, (socket.tcpInfoNumber(field) ?? 0) - (before?.tcpInfoNumber(field) ?? 0));
  const bytesSent = rise('bytesSent');
  const bytesAgain = rise('bytesRetransmitted');
  const segments = rise('dataSegmentsOut');
  const segmentsAgain = rise('totalRetrans');
  const byBytes = socket.tcpInfoNumber('bytesRetransmitted') !== undefined && bytesSent > 0;
  const share = byBytes ? bytesAgain / bytesSent : segments > 0 ? segmentsAgain / segments : 0;
  return {
    socket,
    bytesSent,
    bytesAgain,
    segments,
    segmentsAgain,
    share,
    needless: rise('dsackDuplicates'),
    reordered: rise('reorderingSeen'),
  };
}
