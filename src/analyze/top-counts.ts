import type { SocketSource, SocketView } from '../model/socket-view.ts';
import { stateName } from '../model/tcp-state.ts';
import type { TopCounts } from '../model/top-rows.ts';
import { DistinctSockets } from './distinct.ts';

/** Counts that are still added to. */
interface Counting {
  total: number;
  udp: number;
  /** By state number; only of protocols that have states. */
  states: Uint32Array;
}

/**
 * Counts the sockets of a look that a test lets through, for each owner.
 *
 * @param ownerOf names the owner; what has none is counted under the empty text
 */
export function countOwners(
  sockets: SocketSource,
  ownerOf: (socket: SocketView) => string | undefined,
  test: (socket: SocketView) => boolean,
): Map<string, TopCounts> {
  const owners = new Map<string, Counting>();
  const distinct = new DistinctSockets();
  sockets.each((socket) => {
    if (socket.proto === 'unix' || !distinct.isNew(socket) || !test(socket)) return;
    const owner = ownerOf(socket) ?? '';
    let counting = owners.get(owner);
    if (counting === undefined) {
      counting = { total: 0, udp: 0, states: new Uint32Array(16) };
      owners.set(owner, counting);
    }
    counting.total++;
    if (socket.proto === 'udp' || socket.proto === 'udplite') counting.udp++;
    else if (socket.proto !== 'raw') {
      const state = socket.state & 15;
      counting.states[state] = (counting.states[state] ?? 0) + 1;
    }
  });
  return new Map([...owners].map(([owner, counting]) => [owner, countsOf(counting)]));
}

function countsOf({ total, udp, states }: Counting): TopCounts {
  return { total, udp, byState: byStateName(states) };
}

/** Counts of TCP sockets. @param states how many there are, by the number of their state */
export function countsOfStates(states: readonly number[]): TopCounts {
  const byState = byStateName(states);
  return { total: Object.values(byState).reduce((sum, count) => sum + count, 0), udp: 0, byState };
}

function byStateName(states: ArrayLike<number>): Record<string, number> {
  const byState: Record<string, number> = {};
  for (let state = 0; state < states.length; state++) {
    const count = states[state] ?? 0;
    if (count > 0) byState[stateName(state)] = (byState[stateName(state)] ?? 0) + count;
  }
  return byState;
}

/** Counts with some that only a counter of the kernel told. */
export function withCounted(counts: TopCounts, more: { timeWait?: number; udp?: number; raw?: number }): TopCounts {
  const { timeWait = 0, udp = 0, raw = 0 } = more;
  const byState =
    timeWait === 0 ? counts.byState : { ...counts.byState, TIME_WAIT: (counts.byState.TIME_WAIT ?? 0) + timeWait };
  return { total: counts.total + timeWait + udp + raw, udp: counts.udp + udp, byState };
}
