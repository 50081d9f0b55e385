import type { Names } from '../../../model/names.ts';
import type { SocketRecord } from '../../../model/socket-record.ts';
import { OtherEnds, withEnd } from '../other-ends.ts';
import { holderKey } from '../scopes.ts';
import { type Dump, grouped } from '../snapshots/snapshots.ts';

/** Something about sockets that one process holds and that have their other end in common. */
export interface SocketGroup<T> {
  /** `peer db:mysql`, `port 8080`. */
  about: string;
  /** `with db:mysql`, `to its port 8080`. */
  with: string;
  members: readonly [T, ...T[]];
}

/** Puts what was found of single sockets together, so that a hundred alike are one finding. */
export function socketGroups<T extends { socket: SocketRecord }>(
  names: Names,
  { sockets }: Dump,
  found: readonly T[],
): SocketGroup<T>[] {
  if (found.length === 0) return [];
  const ends = new OtherEnds(names, sockets);
  const groups = grouped(found, ({ socket }) => `${holderKey(socket)}\n${ends.about(socket)}`);
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const about = ends.about(first.socket);
    return [{ about, with: withEnd(about), members: [first, ...others] }];
  });
}
