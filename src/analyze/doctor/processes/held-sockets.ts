import type { Names } from '../../../model/names.ts';
import type { Holder, SocketRecord } from '../../../model/socket-record.ts';
import { stateName, TCP_STATE } from '../../../model/tcp-state.ts';
import { OtherEnds, withEnd } from '../other-ends.ts';
import { type Dump, grouped } from '../snapshots/snapshots.ts';

/** Connections of a process that have their other end in common. */
export interface HeldGroup {
  /** As `Finding.about` has it. */
  about: string;
  /** `connections with db:mysql`, `connections to its port 8080`. */
  text: string;
  count: number;
  /** The state that most of them are in. */
  state: string;
}

/** The connections of a process grouped by their other ends, the largest group first. */
export function heldGroups(names: Names, { sockets }: Dump, { pid }: Pick<Holder, 'pid'>): HeldGroup[] {
  const ends = new OtherEnds(names, sockets);
  const own = sockets.filter(
    ({ proto, process, state, peerPort }) =>
      proto === 'tcp' && process?.pid === pid && state !== TCP_STATE.LISTEN && peerPort > 0,
  );
  return [...grouped(own, (socket) => ends.about(socket))]
    .map(([about, members]) => ({
      about,
      text: `connections ${withEnd(about)}`,
      count: members.length,
      state: commonState(members),
    }))
    .sort((a, b) => b.count - a.count);
}

function commonState(sockets: readonly SocketRecord[]): string {
  const [most] = [...grouped(sockets, ({ state }) => stateName(state))].sort(([, a], [, b]) => b.length - a.length);
  return most?.[0] ?? '';
}
