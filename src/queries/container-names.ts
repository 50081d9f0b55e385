import type { SocketView } from '../model/socket/socket-view.ts';
import type { Residents, SocketAttribution } from '../sources/snapshot.ts';

/**
 * The name of the container of a socket; undefined for none. Where a container lives alone in the namespace, all
 * that is there is its own.
 */
export function containerNames(
  { containers, shared }: Residents,
  whose: SocketAttribution,
): (socket: SocketView) => string | undefined {
  const [only] = containers;
  if (!shared && only !== undefined) return () => only.name;
  const nameById = new Map(containers.map(({ id, name }) => [id, name]));
  return (socket) => nameById.get(whose.of(socket) ?? '');
}
