import { listenerOwners } from '../../count/listener-owners.ts';
import { type Attributed, attribute, OUTSIDE, type OwnerEvidence } from '../../model/netns/attribution.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import type { SocketSnapshot } from '../sample-source.ts';

/**
 * Whose each socket of a snapshot of a shared namespace is. Owners are names of containers, and `OUTSIDE`.
 *
 * A snapshot has the container of each socket already, recorded or sampled by the same rule; which sockets belong to
 * processes outside every container, and in older recordings how a container was found, is decided here from its
 * holders and listeners.
 */
export function snapshotAttribution(snapshot: SocketSnapshot): (socket: SocketView) => Attributed | undefined {
  const process = (socket: SocketView) => {
    if (socket.inode === 0 || snapshot.holdersOf(socket).length === 0) return undefined;
    return snapshot.containerOf(socket) ?? OUTSIDE;
  };
  // Before any socket is judged: a view moves, so that one walk cannot be made within another.
  const listeners = listenerOwners(snapshot.sockets, process);
  const evidence: OwnerEvidence = {
    process,
    cgroup: (socket) => (socket.inode === 0 ? undefined : snapshot.containerOf(socket)),
    listener: (socket) => listeners.of(socket),
    memory: (socket) => snapshot.containerOf(socket),
  };
  return (socket) => {
    const by = snapshot.attributionOf(socket);
    const owner = by === undefined ? undefined : snapshot.containerOf(socket);
    return by !== undefined && owner !== undefined ? { owner, by } : attribute(socket, evidence);
  };
}
