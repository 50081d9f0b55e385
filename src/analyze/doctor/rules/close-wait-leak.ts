import type { Finding } from '../../../model/finding.ts';
import type { SpaceSeries } from '../../../model/series.ts';
import type { SocketRecord } from '../../../model/socket-record.ts';
import { TCP_STATE } from '../../../model/tcp-state.ts';
import { Dwell } from '../dwell.ts';
import { type Dump, dumpsOf, grouped } from '../looks.ts';
import { peerAbout, peerLabel } from '../peer-label.ts';
import { type RuleInput, rule, type SettingValues } from '../rule.ts';
import { holderKey, holderScope } from '../scopes.ts';
import { tcpIn } from '../socket-lists.ts';

const settings = {
  minAgeMs: { default: 60_000, unit: 'ms', text: 'how long a connection must have waited to be closed' },
  warning: { default: 10, unit: 'count', text: 'connections that have waited so long' },
  critical: { default: 100, unit: 'count', text: 'connections that have waited so long' },
  growingLooks: { default: 5, unit: 'count', text: 'looks in a row that each saw more of them' },
} as const;

/** Connections that the peer has closed and the application has not. */
export const closeWaitLeak = rule({
  name: 'CLOSE_WAIT_LEAK',
  title: 'Connections that the peer closed and the application never does',
  settings,
  needsMs: () => 0,
  judge: (input, values) => input.series.spaces.flatMap((space) => ofSpace(space, input, values)),
});

function ofSpace(space: SpaceSeries, { series }: RuleInput, values: SettingValues<typeof settings>): Finding[] {
  const dumps = dumpsOf(space);
  const dwell = new Dwell(dumps, waiting);
  const keyOf = (socket: SocketRecord) => `${holderKey(socket)} ${peerAbout(space, series.names, socket)}`;
  const byLook = dumps.map((dump) => grouped(waiting(dump), keyOf));
  const findings: Finding[] = [];
  for (const [key, all] of byLook.at(-1) ?? []) {
    const sockets = all.filter((socket) => !isAnswering(socket, dwell));
    const old = sockets.filter((socket) => dwell.of(socket) >= values.minAgeMs);
    const counts = byLook.map((of) => of.get(key)?.length ?? 0);
    const growing = growsFor(counts) >= values.growingLooks && sockets.length >= values.warning;
    if (old.length < values.warning && !growing) continue;
    const [first] = sockets;
    if (first === undefined) continue;
    const peer = peerLabel(space, series.names, first);
    const unread = sockets.filter(({ receiveQueue }) => receiveQueue > 0).length;
    const scope = holderScope(space.space, first);
    findings.push({
      rule: 'CLOSE_WAIT_LEAK',
      severity: old.length >= values.critical || growing ? 'critical' : 'warning',
      confidence: 'high',
      scope,
      summary: `${sockets.length} connections with ${peer} were closed by the peer and are still held open`,
      evidence: [
        { what: `CLOSE_WAIT connections with ${peer}`, value: sockets.length, source: 'sock_diag' },
        { what: `of them older than ${values.minAgeMs / 1000} s`, value: old.length, source: 'sock_diag' },
        { what: 'of them with the end of file still unread', value: unread, source: 'sock_diag, receive queue' },
        { what: 'seen over the looks', value: counts.join(' '), source: 'sock_diag' },
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
      byHand: `socklens ls ${scope.target} 'state close-wait' --by process,peer`,
      about: peerAbout(space, series.names, first),
    });
  }
  return findings;
}

function waiting(dump: Dump): readonly SocketRecord[] {
  return tcpIn(dump, TCP_STATE.CLOSE_WAIT);
}

/**
 * Whether data still goes to the peer, who shut only its own side: protocols that half-close a connection to
 * end a question get their answer in this state.
 */
function isAnswering(socket: SocketRecord, dwell: Dwell): boolean {
  const { lastSentMs } = socket.info ?? {};
  return socket.sendQueue > 0 || (lastSentMs !== undefined && lastSentMs < dwell.of(socket));
}

/** How many looks up to the last each saw more than the one before. */
function growsFor(counts: readonly number[]): number {
  let looks = 0;
  for (let index = counts.length - 1; index > 0; index--) {
    if ((counts[index] ?? 0) <= (counts[index - 1] ?? 0)) break;
    looks++;
  }
  return looks;
}
