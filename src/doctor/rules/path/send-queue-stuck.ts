import { plural } from '../../../base/plural.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { stateMask, TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { TIMER } from '../../../model/socket/timers.ts';
import { type PeerFault, peersOf, perNamespace, type SocketGroup } from '../../per-scope.ts';
import { rule, type SettingValues } from '../../rule.ts';
import { backwards } from '../../snapshots/same-socket.ts';
import type { Dump } from '../../snapshots/snapshots.ts';
import { covers } from '../../snapshots/windows.ts';
import { duration } from '../../texts.ts';

const settings = {
  windowMs: { default: 10_000, unit: 'ms', text: 'how long the send queue must be unchanged' },
} as const;

/** Written bytes that stay in the send queue although no timer runs that would send them. */
export const sendQueueStuck = rule({
  name: 'SEND_QUEUE_STUCK',
  title: 'Written bytes that no timer is going to send',
  settings,
  needsMs: ({ windowMs }) => windowMs,
  judge: perNamespace(peersOf(find, describe)),
});

interface Stuck {
  socket: StoredSocket;
  ms: number;
  /** Whether the peer acknowledged nothing either all the while. */
  silent: boolean;
}

/** What has a send queue of bytes: a listener's is the limit of its accept queue. */
const WITHOUT_BYTES = stateMask(
  TCP_STATE.LISTEN,
  TCP_STATE.SYN_SENT,
  TCP_STATE.SYN_RECV,
  TCP_STATE.TIME_WAIT,
  TCP_STATE.CLOSE,
);

function find(dumps: readonly Dump[], last: Dump, values: SettingValues<typeof settings>): Stuck[] {
  return last.sockets.filter(waits).flatMap((socket): Stuck[] => {
    const seen = backwards(dumps, socket, (earlier) => waits(earlier) && same(earlier, socket));
    const earliest = seen.at(-1);
    const ms = last.atMs - (earliest?.atMs ?? last.atMs);
    if (earliest === undefined || !covers(ms, values.windowMs)) return [];
    const silentMs =
      (socket.tcpInfoNumber('lastAckReceivedMs') ?? 0) - (earliest.socket.tcpInfoNumber('lastAckReceivedMs') ?? 0);
    // The kernel's clock and ours read the same time not quite at once.
    return [{ socket, ms, silent: silentMs >= ms * 0.9 }];
  });
}

function waits({ proto, state, sendQueue, timer }: StoredSocket): boolean {
  if (proto !== 'tcp' || !sendQueue || (WITHOUT_BYTES & (1 << state)) !== 0) return false;
  return timer === TIMER.NONE || timer === TIMER.KEEPALIVE;
}

function same(earlier: StoredSocket, now: StoredSocket): boolean {
  return earlier.sendQueue === now.sendQueue && earlier.tcpInfoNumber('bytesSent') === now.tcpInfoNumber('bytesSent');
}

function describe({ with: end, members }: SocketGroup<Stuck>): PeerFault {
  const waiting = members.reduce((total, { socket }) => total + (socket.sendQueue ?? 0), 0);
  const longest = members.reduce((a, b) => (b.ms > a.ms ? b : a));
  const silent = members.some((member) => member.silent);
  const lastAckReceivedMs = longest.socket.tcpInfoNumber('lastAckReceivedMs');
  return {
    severity: silent ? 'critical' : 'warning',
    confidence: 'medium',
    summary: `${plural(members.length, 'connection')} ${end}: ${waiting} written bytes have not moved for ${duration(longest.ms)}, and no timer runs that would send them`,
    evidence: [
      { what: 'bytes that stay in the send queue', value: waiting, unit: 'bytes', source: 'sock_diag, send queue' },
      { what: 'unchanged for', value: longest.ms, unit: 'ms', source: 'sock_diag' },
      { what: 'timer', value: longest.socket.timer === TIMER.NONE ? 'none' : 'keepalive', source: 'sock_diag' },
      ...(lastAckReceivedMs === undefined
        ? []
        : [
            {
              what: 'time since the peer last acknowledged anything',
              value: lastAckReceivedMs,
              unit: 'ms',
              source: 'sock_diag, tcp_info',
            },
          ]),
    ],
    fixes: [
      {
        where: 'the process',
        text: 'check whether it is stopped or frozen (state T in /proc/PID/status, cgroup.freeze) or holds data back with TCP_CORK',
      },
      {
        where: 'the kernel',
        text: 'a running process with such a queue points to a bug of the kernel or of a network driver: socklens kill closes the connection',
      },
    ],
    byHand: (target) => `socklens ls ${target} 'sendq > 0 and (timer off or timer keepalive)'`,
  };
}
