import { plural } from '../../../base/plural.ts';
import type { InfoField } from '../../../model/socket/socket-columns.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { TIMER } from '../../../model/socket/timers.ts';
import { type PeerFault, peersOf, perNamespace, type SocketGroup } from '../../per-scope.ts';
import { rule, type SettingValues } from '../../rule.ts';
import { sameIn } from '../../snapshots/same-socket.ts';
import type { Dump } from '../../snapshots/snapshots.ts';

const settings = {
  looks: { default: 3, unit: 'count', text: 'fewest snapshots with a small write waiting for an acknowledgement' },
  share: { default: 0.5, unit: 'share', text: 'of the snapshots of the connection that had one' },
  maxRttMs: { default: 5, unit: 'ms', text: 'round-trip time up to which the distance does not explain it' },
  minAtoMs: { default: 30, unit: 'ms', text: 'lowest timeout of delayed acknowledgements' },
  maxAtoMs: { default: 60, unit: 'ms', text: 'highest timeout of delayed acknowledgements' },
} as const;

type Values = SettingValues<typeof settings>;

/** Small writes that wait for the acknowledgement of the one before, which the peer delays. */
export const nagleDelack = rule({
  name: 'NAGLE_DELACK',
  title: 'Small writes that wait for a delayed acknowledgement',
  settings,
  needsSnapshots: ({ looks }) => looks,
  judge: perNamespace(peersOf(find, describe)),
});

interface Waiting {
  socket: StoredSocket;
  snapshots: number;
  of: number;
}

function find(dumps: readonly Dump[], _last: Dump, values: Values): Waiting[] {
  if (dumps.length < values.looks) return [];
  // A connection counts when it waits in any snapshot, not only in the last one.
  const latest = new Map<number, StoredSocket>();
  for (const dump of dumps) {
    for (const socket of dump.sockets)
      if (socket.cookie !== 0 && waits(socket, values)) latest.set(socket.cookie, socket);
  }
  return [...latest.values()].flatMap((socket): Waiting[] => {
    const seen = dumps.flatMap((dump) => sameIn(dump, socket) ?? []);
    const caught = seen.filter((each) => waits(each, values));
    const sent = new Set(caught.map((each) => each.tcpInfoNumber('bytesSent')));
    // A single write without any acknowledgement is another fault: this one makes progress, slowly.
    if (caught.length < values.looks || caught.length < seen.length * values.share || sent.size < 2) return [];
    return [{ socket, snapshots: caught.length, of: seen.length }];
  });
}

/** Less than a segment waits although the congestion window has room, one segment is out, and the peer is near. */
function waits(socket: StoredSocket, { maxRttMs, minAtoMs, maxAtoMs }: Values): boolean {
  // Most connections of most dumps end here, at a number that is close by.
  if (!socket.sendQueue || socket.proto !== 'tcp') return false;
  const notSentBytes = socket.tcpInfoNumber('notSentBytes') ?? 0;
  if (notSentBytes === 0 || notSentBytes >= (socket.tcpInfoNumber('pathMtuBytes') ?? 1500)) return false;
  if (socket.tcpInfoNumber('unackedSegments') !== 1) return false;
  if ((socket.tcpInfoNumber('congestionWindowSegments') ?? 0) <= 1) return false;
  // The smoothed time has the delay in it, the smallest has not.
  const rttUs = Math.min(
    socket.tcpInfoNumber('rttUs') ?? Number.POSITIVE_INFINITY,
    socket.tcpInfoNumber('minRttUs') ?? Number.POSITIVE_INFINITY,
  );
  if (rttUs > maxRttMs * 1000) return false;
  const atoMs = (socket.tcpInfoNumber('atoUs') ?? 0) / 1000;
  return socket.timer === TIMER.DELAYED_ACK || (atoMs >= minAtoMs && atoMs <= maxAtoMs);
}

function describe({ with: end, members }: SocketGroup<Waiting>): PeerFault {
  const most = members.reduce((a, b) => (b.snapshots > a.snapshots ? b : a));
  const number = (field: InfoField) => most.socket.tcpInfoNumber(field);
  const source = 'sock_diag, tcp_info';
  return {
    severity: 'info',
    confidence: 'low',
    summary: `${plural(members.length, 'connection')} ${end}: small writes seem to wait about 40 ms for a delayed acknowledgement`,
    evidence: [
      { what: 'snapshots with a small write waiting', value: `${most.snapshots} of ${most.of}`, source },
      { what: 'bytes not yet sent', value: number('notSentBytes') ?? 0, unit: 'bytes', source },
      { what: 'segments in flight', value: number('unackedSegments') ?? 0, source },
      {
        what: 'smallest round-trip time',
        value: (number('minRttUs') ?? number('rttUs') ?? 0) / 1000,
        unit: 'ms',
        source,
      },
      { what: 'round-trip time, delays included', value: (number('rttUs') ?? 0) / 1000, unit: 'ms', source },
      { what: 'timeout of delayed acknowledgements', value: (number('atoUs') ?? 0) / 1000, unit: 'ms', source },
    ],
    fixes: [
      {
        where: 'the application',
        text: 'write a request in one call (a buffered writer, writev), or switch Nagle off; no table shows whether it already is',
        snippet: 'setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1)',
      },
    ],
    byHand: (target) => `socklens ls ${target} 'state established and sendq > 0' --json`,
  };
}
