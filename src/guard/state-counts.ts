import { countSockets } from '../count/socket-counter.ts';
import type { StateLines } from '../model/report/guard.ts';
import type { SocketCounts } from '../model/report/socket-counts.ts';
import type { SocketSource } from '../model/socket/socket-view.ts';
import { thinnedIndexes } from './thin.ts';

/**
 * Counts the sockets of a snapshot, for an MPTCP connection its subflows: not every snapshot of a run has
 * MPTCP sockets, and the counts have to be comparable.
 */
export function countSubflows(sockets: SocketSource): SocketCounts {
  return countSockets(sockets, ({ proto }) => proto !== 'mptcp').counts();
}

/** TCP sockets by state and all UDP sockets as `UDP`; absent where there are none. */
export function countsByName({ byState, udp }: SocketCounts): Readonly<Record<string, number>> {
  return udp === 0 ? byState : { ...byState, UDP: udp };
}

/** The counts of one target over time, thinned by {@link thinnedIndexes}. */
export function stateLines(
  target: string,
  snapshots: readonly { atMs: number; counts: SocketCounts }[],
  fromMs: number,
): StateLines {
  const totals = snapshots.map(({ counts }) => counts.tcp + counts.udp);
  const chosen = thinnedIndexes(totals).flatMap((index) => {
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
