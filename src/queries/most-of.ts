import { type CountedSnapshot, countGroups } from '../count/count-groups.ts';
import type { Group, GroupKey } from '../model/report/group.ts';
import type { Share } from '../model/report/guard.ts';
import type { SocketView } from '../model/socket/socket-view.ts';

/** The process, the container and the peer with the most sockets that match. */
export function mostOf(snapshot: CountedSnapshot, test: (socket: SocketView) => boolean): Share[] {
  const shares: Share[] = [];
  const add = (kind: Share['kind'], group: { name: string; count: number } | undefined) => {
    if (group !== undefined) shares.push({ kind, ...group });
  };
  add('process', largest(snapshot, 'process', test));
  add('container', largest(snapshot, 'container', test));
  // Clients of a server use many ports: then the address alone identifies the peer.
  const endpoint = largest(snapshot, 'peer', test);
  const address = largest(snapshot, 'peer-address', test);
  add('peer', (endpoint?.count ?? 0) * 2 > (address?.count ?? 0) ? endpoint : address);
  return shares;
}

function largest(
  snapshot: CountedSnapshot,
  key: GroupKey,
  test: (socket: SocketView) => boolean,
): { name: string; count: number } | undefined {
  let best: Group | undefined;
  for (const group of countGroups(snapshot, [key], test).groups) {
    if (group.key[key] !== null && group.count > (best?.count ?? 0)) best = group;
  }
  return best === undefined ? undefined : { name: best.names?.[key] ?? String(best.key[key]), count: best.count };
}
