import { grouped } from '../../../base/lists.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { peerAbout, peerLabel } from '../../peers/peer-label.ts';
import { perNamespace } from '../../per-scope.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { holderKey } from '../../scopes.ts';
import { type Dump, dumpsOf, tcpIn } from '../../snapshots/snapshots.ts';
import { TimeInState } from '../../snapshots/time-in-state.ts';

const settings = {
  minAgeMs: { default: 60_000, unit: 'ms', text: 'how long a connection must have been in CLOSE_WAIT' },
  warning: { default: 10, unit: 'count', text: 'connections in CLOSE_WAIT for at least that long' },
  critical: { default: 100, unit: 'count', text: 'connections in CLOSE_WAIT for at least that long' },
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
  const timeInState = new TimeInState(dumps, waiting);
  const keyOf = (socket: StoredSocket) => `${holderKey(socket)} ${peerAbout(netns, series.names, socket)}`;
  const bySnapshot = dumps.map((dump) => grouped(waiting(dump), keyOf));
  const findings: Fault[] = [];
  for (const [key, all] of bySnapshot.at(-1) ?? []) {
    const sockets = all.filter((socket) => !isAnswering(socket, timeInState));
    const old = sockets.filter((socket) => timeInState.of(socket) >= values.minAgeMs);
    const counts = bySnapshot.map((of) => of.get(key)?.length ?? 0);
    const growing = growsFor(counts) >= values.growingLooks && sockets.length >= values.warning;
    if (old.length < values.warning && !growing) continue;
    const [first] = sockets;
    if (first === undefined) continue;
    const peer = peerLabel(netns, series.names, first);
    const unread = sockets.filter(({ receiveQueue }) => receiveQueue > 0).length;
    findings.push({
      severity: old.length >= values.critical || growing ? 'critical' : 'warning',
      confidence: 'high',
      holder: first,
      summary: `${sockets.length} connections with ${peer} were closed by the peer and are still held open`,
      evidence: [
        { what: `CLOSE_WAIT connections with ${peer}`, value: sockets.length, source: 'sock_diag' },
        { what: `of them older than ${values.minAgeMs / 1000} s`, value: old.length, source: 'sock_diag' },
        { what: 'of them with the end of file still unread', value: unread, source: 'sock_diag, receive queue' },
        { what: 'count in each snapshot', value: counts.join(' '), source: 'sock_diag' },
      ],
      fixes: [
        unread * 2 > sockets.length
          ? {
              where: 'the application',
              text: 'the end of file was never read: the reader is stuck, or idle connections of a pool are not watched; validate or expire them',
            }
          : {
              where: 'the application',
              text: 'the end of file was read, but close() is missing: close the connection (response body, result set, client) on every path, errors among them',
            },
      ],
      byHand: (target) => `socklens ls ${target} 'state close-wait' --by process,peer`,
      about: peerAbout(netns, series.names, first),
    });
  }
  return findings;
}

function waiting(dump: Dump): readonly StoredSocket[] {
  return tcpIn(dump, TCP_STATE.CLOSE_WAIT);
}

/**
 * Whether data still goes to the peer, which shut only its own side: protocols that half-close a connection to
 * end a question get their answer in this state.
 */
function isAnswering(socket: StoredSocket, timeInState: TimeInState): boolean {
  const lastSentMs = socket.tcpInfoNumber('lastSentMs');
  return socket.sendQueue > 0 || (lastSentMs !== undefined && lastSentMs < timeInState.of(socket));
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
