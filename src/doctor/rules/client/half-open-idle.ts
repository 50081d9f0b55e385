import { grouped } from '../../../base/lists.ts';
import { perObject } from '../../../base/memo.ts';
import type { Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { isLoopback } from '../../../model/socket/loopback.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { isClient } from '../../clients/clients.ts';
import { namespaceSysctlFixes } from '../../fixes/namespace-commands.ts';
import { localAddresses } from '../../peers/namespace-by-address.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { holderKey } from '../../scopes.ts';
import { sameIn } from '../../snapshots/same-socket.ts';
import { dumpsOf, tcpIn } from '../../snapshots/snapshots.ts';

const settings = {
  deviceMs: {
    default: 350_000,
    unit: 'ms',
    text: 'idle time after which a middlebox drops a connection (AWS NLB and NAT gateway)',
  },
  warning: { default: 5, unit: 'count', text: 'connections of a process on one port' },
} as const;

type Values = SettingValues<typeof settings>;

/** idiag_timer for a running keepalive timer, include/uapi/linux/inet_diag.h. */
const KEEPALIVE = 2;

/** Idle connections without keepalive, which a middlebox may have dropped. */
export const halfOpenIdle = rule({
  name: 'HALF_OPEN_IDLE',
  title: 'Idle connections without keepalive, idle for longer than middleboxes keep them',
  settings,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  const dumps = dumpsOf(netns);
  const last = dumps.at(-1);
  if (last === undefined) return [];
  const [first = last] = dumps;
  const forgotten = tcpIn(last, TCP_STATE.ESTABLISHED).filter(
    (socket) =>
      isQuiet(socket, values) &&
      isFar(socket, nearAddresses(series)) &&
      segments(socket) === segments(sameIn(first, socket) ?? socket),
  );
  const portOf = (socket: StoredSocket) => (isClient(netns, socket) ? socket.peerPort : socket.localPort);
  const sideOf = (socket: StoredSocket) => (isClient(netns, socket) ? 'dport' : 'sport');
  const groups = grouped(forgotten, (socket) => `${holderKey(socket)} ${sideOf(socket)} ${portOf(socket)}`);
  return [...groups.values()].flatMap((sockets) => {
    const [member] = sockets;
    if (member === undefined || sockets.length < values.warning) return [];
    const longest = Math.max(...sockets.map(silenceMs));
    const off = sockets.filter(({ timer }) => timer !== KEEPALIVE).length;
    const minutes = Math.round(longest / 60_000);
    return {
      severity: 'warning',
      confidence: 'medium',
      holder: member,
      summary: `${sockets.length} connections ${sideOf(member) === 'dport' ? 'to' : 'on'} port ${portOf(member)} have been silent for up to ${minutes} min, longer than load balancers and NAT gateways keep them: the next request on them may hang or be reset`,
      evidence: [
        { what: `silent for more than ${values.deviceMs / 1000} s`, value: sockets.length, source: 'tcp_info' },
        { what: 'of them without keepalive', value: off, source: 'sock_diag, timer' },
        { what: 'the longest silence', value: longest, unit: 'ms', source: 'tcp_info' },
        {
          what: 'net.ipv4.tcp_keepalive_time',
          value: netns.sysctls['net.ipv4.tcp_keepalive_time'] ?? 'not read',
          source: 'sysctl',
        },
      ],
      fixes: [
        ...FIXES,
        ...namespaceSysctlFixes(
          netns.namespace,
          'net.ipv4.tcp_keepalive_time',
          '240',
          'for sockets with keepalive alone',
        ),
      ],
      byHand: (target) =>
        `socklens ls ${target} 'state established and ${sideOf(member)} ${portOf(member)} and idle > ${values.deviceMs / 1000}s'`,
      sinceMs: last.atMs - longest,
      about: `port ${portOf(member)}`,
    };
  });
}

/** Nothing on the way, and nothing has gone over the wire for so long that a keepalive would have. */
function isQuiet(socket: StoredSocket, { deviceMs }: Values): boolean {
  const { receiveQueue, sendQueue, timer } = socket;
  if (receiveQueue !== 0 || sendQueue !== 0 || (timer !== 0 && timer !== KEEPALIVE)) return false;
  return silenceMs(socket) > deviceMs;
}

/** Since anything was seen to pass: data, or an acknowledgement, which is what answers a keepalive. */
function silenceMs(socket: StoredSocket): number {
  return Math.min(
    socket.tcpInfoNumber('lastSentMs') ?? 0,
    socket.tcpInfoNumber('lastReceivedMs') ?? 0,
    socket.tcpInfoNumber('lastAckReceivedMs') ?? 0,
  );
}

/** Segments in both directions: only they count the peer's keepalives. */
function segments(socket: StoredSocket): number {
  return (socket.tcpInfoNumber('segmentsIn') ?? 0) + (socket.tcpInfoNumber('segmentsOut') ?? 0);
}

/** Whether there can be a device on the way: not on this machine, not on the same link. */
function isFar({ local, peer }: StoredSocket, near: ReadonlySet<string>): boolean {
  if (peer === undefined || isLoopback(peer.plain) || near.has(peer.plain)) return false;
  return link(peer.plain) !== link(local?.plain ?? '');
}

/** The first three bytes of an IPv4 address, the first half of an IPv6 one: addresses that share them are taken to be on the same link. */
function link(plain: string): string {
  const separator = plain.includes(':') ? ':' : '.';
  return plain
    .split(separator)
    .slice(0, separator === ':' ? 4 : 3)
    .join(separator);
}

/** The addresses of this machine: of its namespaces, and of its containers. */
const nearAddresses = perObject(
  ({ namespaces, containers }: Series): ReadonlySet<string> =>
    new Set([
      ...namespaces.flatMap((seen) => [...localAddresses(seen)]),
      ...containers.flatMap(({ addresses }) => addresses.map(({ address }) => address)),
    ]),
);

const FIXES: readonly Fix[] = [
  {
    where: 'the application',
    text: 'SO_KEEPALIVE with an idle time below 300 s (Go: every 15 s by default; Node: off by default)',
    snippet: 'socket.setKeepAlive(true, 60000)',
  },
  { where: 'Node mysql2', text: 'keepalive of the pool', snippet: 'mysql.createPool({ enableKeepAlive: true })' },
  { where: 'PostgreSQL (libpq)', text: 'in the connection string', snippet: 'keepalives=1 keepalives_idle=60' },
  { where: 'the pool', text: 'a lifetime or an idle timeout shorter than that of the middlebox' },
];
