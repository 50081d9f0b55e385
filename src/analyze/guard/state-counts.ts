import type { StateLines } from '../../model/guard.ts';
import type { SocketSource } from '../../model/socket-view.ts';
import { stateName } from '../../model/tcp-state.ts';
import { kept } from './thin.ts';

/** Sockets by state of one look: TCP under the names of netstat, UDP together. */
export type StateCounts = ReadonlyMap<string, number>;

export function countStates(sockets: SocketSource): StateCounts {
  const counts = new Map<string, number>();
  sockets.each(({ proto, state }) => {
    if (proto !== 'tcp' && proto !== 'udp' && proto !== 'udplite') return;
    const name = proto === 'tcp' ? stateName(state) : 'UDP';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  });
  return counts;
}

/** The counts of one target over time. */
export function stateLines(
  target: string,
  looks: readonly { atMs: number; counts: StateCounts }[],
  fromMs: number,
): StateLines {
  const totals = looks.map(({ counts }) => [...counts.values()].reduce((sum, count) => sum + count, 0));
  const chosen = kept(totals).flatMap((index) => looks[index] ?? []);
  const names = new Set(chosen.flatMap(({ counts }) => [...counts.keys()]));
  return {
    target,
    times: chosen.map(({ atMs }) => atMs - fromMs),
    states: Object.fromEntries([...names].map((name) => [name, chosen.map(({ counts }) => counts.get(name) ?? 0)])),
  };
}
