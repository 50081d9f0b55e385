import { grouped } from '../../../base/lists.ts';
import { GREETING_BYTES } from '../../../model/sample/closed-group.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { isClient, roleOf } from '../../clients/clients.ts';
import { closeFix, type HeldWhy } from '../../fixes/close-fixes.ts';
import { peerAbout, peerLabel } from '../../peers/peer-label.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Database, databaseAt } from '../../pools/servers.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { holderKey } from '../../scopes.ts';
import { type Dump, dumpsOf, tcpIn } from '../../snapshots/snapshots.ts';
import { TimeInState } from '../../snapshots/time-in-state.ts';
import { isEndUnread, unreadBytes } from '../../snapshots/unread.ts';
import { stackOf } from '../../stacks/stack-of.ts';

const settings = {
  minAgeMs: { default: 60_000, unit: 'ms', text: 'how long a connection must have been in CLOSE_WAIT' },
  warning: { default: 10, unit: 'count', text: 'connections in CLOSE_WAIT for at least that long' },
  critical: { default: 100, unit: 'count', text: 'connections in CLOSE_WAIT for at least that long' },
  shareAgeMs: {
    default: 10_000,
    unit: 'ms',
    text: 'how long it must have been there to count as dead in a pool',
  },
  share: {
    default: 0.5,
    unit: 'share',
    text: "of a process's connections to one server that are dead: a warning, with",
  },
  shareCount: { default: 5, unit: 'count', text: 'so many dead ones: pools have 5 to 20' },
  growingLooks: { default: 5, unit: 'count', text: 'consecutive snapshots that each saw more of them' },
} as const;

/** Connections that the peer has closed and the application has not. */
export const closeWaitLeak = rule({
  name: 'CLOSE_WAIT_LEAK',
  title: 'Connections closed by the peer that the application never closes',
  settings,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: SettingValues<typeof settings>): Fault[] {
  const dumps = dumpsOf(netns);
  const timeInState = new TimeInState(dumps, netns, waiting);
  const keyOf = (socket: StoredSocket) => `${holderKey(socket)} ${peerAbout(netns, series.names, socket)}`;
  const bySnapshot = dumps.map((dump) => grouped(waiting(dump), keyOf));
  const last = dumps.at(-1);
  const established = grouped(last === undefined ? [] : tcpIn(last, TCP_STATE.ESTABLISHED), keyOf);
  const findings: Fault[] = [];
  for (const [key, all] of bySnapshot.at(-1) ?? []) {
    const sockets = all.filter((socket) => !isAnswering(socket, timeInState));
    const old = sockets.filter((socket) => timeInState.of(socket) >= values.minAgeMs);
    const counts = bySnapshot.map((of) => of.get(key)?.length ?? 0);
    const growing = growsFor(counts) >= values.growingLooks && sockets.length >= values.warning;
    const [first] = sockets;
    if (first === undefined) continue;
    const dead = isClient(netns, first) ? sockets.filter((socket) => timeInState.of(socket) >= values.shareAgeMs) : [];
    const alive = dead.length < values.shareCount ? 0 : (established.get(key)?.length ?? 0);
    const isDeadPool = dead.length >= values.shareCount && dead.length >= values.share * (sockets.length + alive);
    if (old.length < values.warning && !growing && !isDeadPool) continue;
    const peer = peerLabel(netns, series.names, first);
    const database = databaseOf(series, netns, first);
    const unread = sockets.filter(isEndUnread).length;
    const withData = sockets.filter((socket) => unreadBytes(socket) > 0).length;
    findings.push({
      severity: old.length >= values.critical || growing ? 'critical' : 'warning',
      confidence: 'high',
      holder: first,
      summary: `${sockets.length} connections with ${peer} were closed by the peer and are still held open`,
      evidence: [
        { what: `CLOSE_WAIT connections with ${peer}`, value: sockets.length, source: 'sock_diag' },
        { what: `of them older than ${values.minAgeMs / 1000} s`, value: old.length, source: 'sock_diag' },
        ...(isDeadPool
          ? [{ what: 'established ones of the same process and peer', value: alive, source: 'sock_diag' }]
          : []),
        { what: 'of them with the end of file still unread', value: unread, source: 'sock_diag, receive queue' },
        { what: 'of them with unread data before it', value: withData, source: 'sock_diag, receive queue' },
        { what: 'count in each snapshot', value: counts.join(' '), source: 'sock_diag' },
      ],
      fixes: [
        closeFix(
          whyHeld(sockets, database !== undefined),
          first.process?.name,
          stackOf(series, first.process),
          database,
          roleOf(netns, first) === 'server',
        ),
      ],
      byHand: (target) => `socklens ls ${target} 'state close-wait' --by process,peer`,
      sinceMs: timeInState.sinceMs(sockets),
      about: peerAbout(netns, series.names, first),
    });
  }
  return findings;
}

/** By what most of them have in common. A database says why it ends a connection: nobody reads that in an idle pool. */
function whyHeld(sockets: readonly StoredSocket[], toDatabase: boolean): HeldWhy {
  const most = (test: (socket: StoredSocket) => boolean) => sockets.filter(test).length * 2 > sockets.length;
  const lastWords = toDatabase ? GREETING_BYTES : 0;
  if (most((socket) => unreadBytes(socket) > lastWords)) return 'stuck';
  return most(isEndUnread) ? 'unwatched' : 'read';
}

/** The known database that has closed the connection; undefined for another peer. */
function databaseOf(series: Series, netns: NetnsSeries, socket: StoredSocket): Database | undefined {
  const { peer, peerPort } = socket;
  return peer !== undefined && isClient(netns, socket) ? databaseAt(series, netns, peer.plain, peerPort) : undefined;
}

/** A connection without an inode was never accepted: its client has given up, and the fault is the listener's. */
function waiting(dump: Dump): readonly StoredSocket[] {
  return tcpIn(dump, TCP_STATE.CLOSE_WAIT).filter(({ inode }) => inode !== 0);
}

/**
 * Whether data still goes to the peer, which shut only its own side: protocols that half-close a connection to
 * end a question get their answer in this state.
 */
function isAnswering(socket: StoredSocket, timeInState: TimeInState): boolean {
  const lastSentMs = socket.tcpInfoNumber('lastSentMs');
  return (socket.sendQueue ?? 0) > 0 || (lastSentMs !== undefined && lastSentMs < timeInState.of(socket));
}

/** How many snapshots up to the last each had more than the previous one. */
function growsFor(counts: readonly number[]): number {
  let snapshots = 0;
  for (let index = counts.length - 1; index > 0; index--) {
    if ((counts[index] ?? 0) <= (counts[index - 1] ?? 0)) break;
    snapshots++;
  }
  return snapshots;
}
