import type { SocketView } from '../model/socket/socket-view.ts';
import type { Residents, SocketAttribution } from '../sources/snapshot.ts';

/**
 * Makes a function for the name of a socket's container; undefined for none. Where a namespace has one container and
 * nothing shares it, every socket is that container's.
 */
export function containerNames(
  { containers, shared }: Residents,
  attribution: SocketAttribution,
): (socket: SocketView) => string | undefined {
  const [only] = containers;
  if (!shared && only !== undefined) return () => only.name;
  const nameById = new Map(containers.map(({ id, name }) => [id, name]));
  return (socket) => nameById.get(attribution.of(socket)?.owner ?? '');
}
