import { grouped } from '../../base/lists.ts';
import type { FindingScope } from '../../model/finding.ts';
import type { Names } from '../../model/names.ts';
import type { SpaceSeries } from '../../model/series.ts';
import type { SocketRecord } from '../../model/socket-record.ts';
import { peerAbout, withPeer } from './peer-label.ts';
import { holderKey, holderScope } from './scopes.ts';

/** Something about sockets that one process holds and that have their other end in common. */
export interface SocketGroup<T> {
  scope: FindingScope;
  /** `peer db:mysql`, `port 8080`. */
  about: string;
  /** `with db:mysql`, `to its port 8080`. */
  with: string;
  /** Never empty. */
  members: readonly T[];
}

/** Puts what was found of single sockets together, so that a hundred alike are one finding. */
export function socketGroups<T extends { socket: SocketRecord }>(
  names: Names,
  space: SpaceSeries,
  found: readonly T[],
): SocketGroup<T>[] {
  if (found.length === 0) return [];
  const groups = grouped(found, ({ socket }) => `${holderKey(socket)}\n${peerAbout(space, names, socket)}`);
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const about = peerAbout(space, names, first.socket);
    return [{ scope: holderScope(space.space, first.socket), about, with: withPeer(about), members }];
  });
}
