import { grouped } from '../../../base/lists.ts';
import type { Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { isClient } from '../../clients/clients.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText, holderKey } from '../../scopes.ts';
import { sameIn } from '../../snapshots/same-socket.ts';
import { dumpsOf, tcpIn } from '../../snapshots/snapshots.ts';

const settings = {
  retransmits: { default: 3, unit: 'count', text: 'retransmissions of the same data before a connection counts' },
  warning: { default: 5, unit: 'count', text: 'retransmissions of the same data' },
  critical: { default: 8, unit: 'count', text: 'retransmissions of the same data' },
  silenceMs: { default: 1_000, unit: 'ms', text: 'without an acknowledgement, where there is only one snapshot' },
} as const;

type Values = SettingValues<typeof settings>;

/** idiag_timer for a running retransmission timer, include/uapi/linux/inet_diag.h. */
const RETRANSMIT = 1;

/** Established connections whose peer has stopped answering. */
export const deadPeerRetransmit = rule({
  name: 'DEAD_PEER_RETRANSMIT',
  title: 'Connections whose peer no longer acknowledges what is sent',
  settings,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  const dumps = dumpsOf(netns);
  const last = dumps.at(-1);
  if (last === undefined) return [];
  const before = dumps.at(-2);
  const dead = tcpIn(last, TCP_STATE.ESTABLISHED)
    .filter((socket) => isSentAgain(socket, values))
    .filter((socket) => isSilent(socket, before && sameIn(before, socket), values));
  const portOf = (socket: StoredSocket) => (isClient(netns, socket) ? socket.peerPort : 0);
  const groups = grouped(dead, (socket) => `${holderKey(socket)} ${socket.peer?.plain} ${portOf(socket)}`);
  return [...groups.values()].flatMap((sockets) => {
    const [first] = sockets;
    const most = Math.max(...sockets.map(({ retransmits }) => retransmits));
    if (first === undefined || most < values.warning) return [];
    const text = endpointText(series.names, first.peer, portOf(first));
    const silent = Math.max(...sockets.map((socket) => socket.tcpInfoNumber('lastAckReceivedMs') ?? 0));
    const queued = sockets.reduce((sum, { sendQueue }) => sum + sendQueue, 0);
    return {
      severity: most >= values.critical ? 'critical' : 'warning',
      confidence: 'high',
      holder: first,
      summary: `${text} has not acknowledged ${queued} bytes on ${sockets.length} ${sockets.length === 1 ? 'connection' : 'connections'} for up to ${Math.round(silent / 1000)} s: retransmitted ${most} times`,
      evidence: [
        {
          what: `connections with ${text} that retransmit`,
          value: sockets.length,
          source: 'sock_diag, timer 1',
        },
        { what: 'retransmissions, at most', value: most, unit: 'times', source: 'sock_diag, retransmits' },
        { what: 'since the last acknowledgement, at most', value: silent, unit: 'ms', source: 'tcp_info' },
        { what: 'not acknowledged', value: queued, unit: 'bytes', source: 'sock_diag, send queue' },
        {
          what: 'net.ipv4.tcp_retries2',
          value: netns.sysctls['net.ipv4.tcp_retries2'] ?? 'not read',
          source: 'sysctl',
        },
      ],
      fixes: FIXES,
      byHand: (target) => `socklens ls ${target} 'state established and timer on and sendq > 0'`,
      about: `peer ${text}`,
    };
  });
}

function isSentAgain({ timer, retransmits, sendQueue }: StoredSocket, values: Values): boolean {
  return timer === RETRANSMIT && retransmits >= values.retransmits && sendQueue > 0;
}

function isSilent(socket: StoredSocket, before: StoredSocket | undefined, values: Values): boolean {
  const silence = socket.tcpInfoNumber('lastAckReceivedMs');
  // Without tcp_info only the retransmissions decide.
  if (silence === undefined) return true;
  return silence > (before?.tcpInfoNumber('lastAckReceivedMs') ?? values.silenceMs);
}

const FIXES: readonly Fix[] = [
  {
    where: 'the application',
    text: 'TCP_USER_TIMEOUT closes it after a time of your choice; without it the kernel retries for a quarter of an hour (net.ipv4.tcp_retries2)',
    snippet: 'setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){30000}, sizeof(int));',
  },
  {
    where: 'the application',
    text: 'a timeout for each request, after which the connection is closed and not put back into the pool',
  },
  {
    where: 'the network',
    text: 'find out whether the peer is gone or packets are dropped on the way',
  },
];
