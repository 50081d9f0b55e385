import { groupedBySize } from '../../base/lists.ts';
import type { Names } from '../../model/names.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import type { Holder } from '../../model/socket/socket-columns.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { stateName, TCP_STATE } from '../../model/socket/tcp-state.ts';
import { peerAbout, withPeer } from '../peers/peer-label.ts';
import type { Dump } from '../snapshots/snapshots.ts';

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
export function heldGroups(
  netns: NetnsSeries,
  names: Names,
  { sockets }: Dump,
  { pid }: Pick<Holder, 'pid'>,
): HeldGroup[] {
  const own = sockets.filter(
    ({ proto, holders, state, peerPort }) =>
      proto === 'tcp' && holders.some((holder) => holder.pid === pid) && state !== TCP_STATE.LISTEN && peerPort > 0,
  );
  return groupedBySize(own, (socket) => peerAbout(netns, names, socket)).map(([about, members]) => ({
    about,
    text: `connections ${withPeer(about)}`,
    count: members.length,
    state: commonState(members),
  }));
}

function commonState(sockets: readonly StoredSocket[]): string {
  const [most] = groupedBySize(sockets, ({ state }) => stateName(state));
  return most?.[0] ?? '';
}
