import type { WatchedContainer } from '../../model/netns/netns.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { containersAt } from './endpoints.ts';
import { listenersAt } from './listeners-at.ts';

/**
 * The container that serves a port at an address: the only one there, in a pod the one that listens on the port.
 * Undefined for every other machine, and in a pod where it is not known.
 *
 * @param from who talks to it
 */
export function servingContainer(
  series: Series,
  from: NetnsSeries,
  plain: string,
  port: number,
): WatchedContainer | undefined {
  const there = containersAt(series, plain);
  if (there.length < 2) return there[0];
  const owners = new Set(listenersAt(series, from, plain, port).map(({ socket }) => socket.container));
  const [serving, ...others] = there.filter(({ name }) => owners.has(name));
  return others.length === 0 ? serving : undefined;
}
