import { type PeerCount, peerIdOf } from '../../count/peer-counter.ts';
import type { Roles } from '../../count/roles.ts';
import type { Names } from '../../model/names.ts';
import { IDLE_AFTER_MS, idleMs } from '../../model/socket/connection-times.ts';
import { mayNameService } from '../../model/socket/endpoint.ts';
import type { Proto, SocketView } from '../../model/socket/socket-view.ts';
import type { PoolLane } from '../protocol/container.ts';

/** Connections to one port of one address, or of all clients to one local port. */
export interface LaneCount {
  /** `out tcp 10.0.0.3:3306`, `in tcp *:8080`. */
  id: string;
  proto: Proto;
  direction: 'in' | 'out';
  /** Absent for `in`: clients are many. */
  address?: string;
  port: number;
  /** Without those in TIME_WAIT. */
  count: number;
  /** Of {@link count}, the idle ones; undefined where the snapshot does not tell. */
  idle: number | undefined;
  byState: Record<string, number>;
  /** The clients of `in` by address. */
  clients: Map<string, LaneClient>;
}

/** Connections from one address to one local port. */
export interface LaneClient {
  /** Without those in TIME_WAIT. */
  count: number;
  /** Those that the client closed and the server did not. */
  closeWait: number;
}

/** A peak is the highest count of this time, milliseconds. */
const PEAK_MS = 60_000;

/** Counts idle connections by peer, of snapshots that tell when data was last moved. */
export class IdleCounter {
  readonly #roles: Roles;
  readonly #counts = new Map<string, number>();
  #isKnown = false;

  constructor(roles: Roles) {
    this.#roles = roles;
  }

  /** Counts an established connection. */
  add(socket: SocketView): void {
    const ms = idleMs(socket);
    if (ms === undefined) return;
    this.#isKnown = true;
    if (ms < IDLE_AFTER_MS) return;
    const id = peerIdOf(socket, this.#roles);
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
  }

  /** @param peer see `peerIdOf` @returns undefined where the snapshot does not tell */
  of(peer: string): number | undefined {
    return this.#isKnown ? (this.#counts.get(peer) ?? 0) : undefined;
  }
}

/** The lanes of what was counted, those with most connections first. */
export function lanesOf(peers: readonly PeerCount[], idle: IdleCounter): LaneCount[] {
  const lanes = new Map<string, LaneCount>();
  for (const { id: peer, proto, address, direction, port, total, byState } of peers) {
    if (address === undefined) continue;
    const id = direction === 'in' ? `in ${proto} *:${port}` : peer;
    let lane = lanes.get(id);
    if (lane === undefined) {
      const own = direction === 'out' ? { address } : {};
      lane = { id, proto, direction, ...own, port, count: 0, idle: undefined, byState: {}, clients: new Map() };
      lanes.set(id, lane);
    }
    // TIME_WAIT is left over: no connection of a pool.
    const open = total - (byState.TIME_WAIT ?? 0);
    lane.count += open;
    const idling = idle.of(peer);
    if (idling !== undefined) lane.idle = (lane.idle ?? 0) + idling;
    if (direction === 'in') addClient(lane.clients, address, { count: open, closeWait: byState.CLOSE_WAIT ?? 0 });
    for (const [state, count] of Object.entries(byState)) lane.byState[state] = (lane.byState[state] ?? 0) + count;
  }
  return [...lanes.values()].sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1));
}

function addClient(clients: Map<string, LaneClient>, address: string, { count, closeWait }: LaneClient): void {
  const known = clients.get(address);
  clients.set(address, { count: count + (known?.count ?? 0), closeWait: closeWait + (known?.closeWait ?? 0) });
}

/** The highest counts of lanes within the last minute. */
export class LanePeaks {
  /** Counts of each lane, with their times. */
  #counts = new Map<string, { atMs: number; count: number }[]>();

  /** Takes the lanes of one snapshot. @returns their peaks by id */
  take(lanes: readonly Pick<LaneCount, 'id' | 'count'>[], atMs: number): ReadonlyMap<string, number> {
    const counts = new Map<string, { atMs: number; count: number }[]>();
    const peaks = new Map<string, number>();
    for (const { id, count } of lanes) {
      // What is lower than a later count is never a peak again.
      const higher = (this.#counts.get(id) ?? []).filter(
        (known) => known.atMs > atMs - PEAK_MS && known.count > count && known.atMs <= atMs,
      );
      const kept = [...higher, { atMs, count }];
      counts.set(id, kept);
      peaks.set(id, kept[0]?.count ?? count);
    }
    this.#counts = counts;
    return peaks;
  }

  /** Notes that a lane was higher between the last two snapshots. */
  note(id: string, atMs: number, count: number): void {
    const known = this.#counts.get(id);
    if (known === undefined) return;
    // In the order of time, each lower than the one before.
    const higher = known.filter((one) => one.count > count);
    const later = known.filter((one) => one.count < count && one.atMs >= atMs);
    this.#counts.set(id, [...higher, { atMs, count }, ...later]);
  }
}

/** A lane as it is shown. */
export function poolLane(lane: LaneCount, peak: number, names: Names): PoolLane {
  const { id, proto, direction, address, port, count, idle, byState } = lane;
  const name = address === undefined ? undefined : names.host(address);
  const service = mayNameService(port) ? names.service(port, proto) : undefined;
  return {
    id,
    proto,
    direction,
    port,
    count,
    peak,
    byState,
    ...(address !== undefined && { address }),
    ...(name !== undefined && { name }),
    ...(service !== undefined && { service }),
    ...(idle !== undefined && { idle }),
  };
}
