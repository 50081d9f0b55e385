import { countSockets } from '../count/socket-counter.ts';
import type { StateLines } from '../model/report/guard.ts';
import type { SocketCounts } from '../model/report/socket-counts.ts';
import type { SocketSource } from '../model/socket/socket-view.ts';
import { kept } from './thin.ts';

/**
 * Counts the sockets of a snapshot, an MPTCP connection by its subflows: not every snapshot of a run has
 * the level above them, and the counts are compared with one another.
 */
export function countSubflows(sockets: SocketSource): SocketCounts {
  return countSockets(sockets, ({ proto }) => proto !== 'mptcp').counts();
}

/** TCP sockets under the names of their states, UDP ones together as `UDP`; what there is none of is left out. */
export function countsByName({ byState, udp }: SocketCounts): Readonly<Record<string, number>> {
  return udp === 0 ? byState : { ...byState, UDP: udp };
}

/** The counts of one target over time. */
export function stateLines(
  target: string,
  snapshots: readonly { atMs: number; counts: SocketCounts }[],
  fromMs: number,
): StateLines {
  const totals = snapshots.map(({ counts }) => counts.tcp + counts.udp);
  const chosen = kept(totals).flatMap((index) => {
    const snapshot = snapshots[index];
    return snapshot === undefined ? [] : [{ atMs: snapshot.atMs, counts: countsByName(snapshot.counts) }];
  });
  const names = new Set(chosen.flatMap(({ counts }) => Object.keys(counts)));
  return {
    target,
    times: chosen.map(({ atMs }) => atMs - fromMs),
    states: Object.fromEntries([...names].map((name) => [name, chosen.map(({ counts }) => counts[name] ?? 0)])),
  };
}
