import type { Names } from '../model/names.ts';
import type { Group, GroupKey } from '../model/report/group.ts';
import type { ConnectionEvent } from '../model/socket/connection-event.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import type { CountedSnapshot } from './count-groups.ts';
import { GroupReader, keyText } from './group-reader.ts';
import { KeyTable } from './key-table.ts';

/** Keys whose value a connection has as long as it lives, so that its events alone count it. */
const CONSTANT: ReadonlySet<GroupKey> = new Set([
  ...(['peer', 'peer-address', 'peer-port', 'local', 'local-port', 'container', 'process', 'proto'] as const),
]);

/** Whether groups by these keys can be counted from events. */
export function isCountedByEvents(keys: readonly GroupKey[]): boolean {
  return keys.length > 0 && keys.every((key) => CONSTANT.has(key));
}

/** The most connections that groups had at the same time. */
export interface Peaks {
  /** By the text of the group's key, see `keyText`. */
  groups: ReadonlyMap<string, Group>;
  /** Over all groups. */
  total: number;
}

/** What happened since the last snapshot, to be applied to the next one. */
interface Change {
  atMs: number;
  cookie: number;
  /** The words of its group; undefined at the end of a connection. */
  group: Uint32Array | undefined;
}

/** Changes beyond this number are forgotten, the oldest first: snapshots come long before. */
const MAX_CHANGES = 500_000;

/** Counts of one namespace: by the cookies of the connections that live, so that events and snapshots may overlap. */
class Living {
  readonly table: KeyTable;
  readonly #groups = new Map<number, number>();
  readonly #counts: number[] = [];
  readonly peaks: number[] = [];
  total = 0;
  totalPeak = 0;

  constructor(width: number) {
    this.table = new KeyTable(width);
  }

  /** Adds a connection of the group in the key of {@link table}, unless it is known. */
  add(cookie: number): void {
    if (this.#groups.has(cookie)) return;
    const group = this.table.index();
    this.#groups.set(cookie, group);
    const count = (this.#counts[group] ?? 0) + 1;
    this.#counts[group] = count;
    if (count > (this.peaks[group] ?? 0)) this.peaks[group] = count;
    this.total++;
    if (this.total > this.totalPeak) this.totalPeak = this.total;
  }

  /** Forgets the peaks so far. */
  restart(): void {
    this.#counts.forEach((count, group) => {
      this.peaks[group] = count;
    });
    this.totalPeak = this.total;
  }

  remove(cookie: number): void {
    const group = this.#groups.get(cookie);
    if (group === undefined) return;
    this.#groups.delete(cookie);
    this.#counts[group] = (this.#counts[group] ?? 0) - 1;
    this.total--;
  }
}

/**
 * The exact peaks of groups of TCP connections between snapshots, from the events of the tracepoint. TIME_WAIT is not
 * counted: such an entry is no connection any more. Each snapshot corrects what events have missed.
 */
export class LivingGroups {
  readonly #reader: GroupReader;
  /** Who a socket belongs to: as the event says, or the snapshot. */
  #of: Pick<CountedSnapshot, 'holdersOf' | 'containerOf'> = NOBODY;
  readonly #context: { names?: Names | undefined } & ConstructorParameters<typeof GroupReader>[1];
  #living: Living | undefined;
  #changes: Change[] = [];

  constructor(keys: readonly GroupKey[]) {
    this.#context = {
      processOf: (socket) => {
        const [holder] = this.#of.holdersOf(socket);
        return holder === undefined ? undefined : `${holder.pid}/${holder.name}`;
      },
      containerOf: (socket) => this.#of.containerOf(socket),
    };
    this.#reader = new GroupReader(keys, this.#context);
  }

  /** Takes an event of the tracepoint that passes the filter; the end of a connection always. */
  event(event: ConnectionEvent): void {
    const { kind, socket } = event;
    // The client of a connection was counted when it was opened.
    if (socket.proto !== 'tcp' || (kind === 'established' && event.role !== 'server')) return;
    const cookie = cookieOf(socket);
    if (cookie === 0) return;
    let group: Uint32Array | undefined;
    if (kind === 'opened' || kind === 'established') {
      this.#of = { holdersOf: () => event.processes, containerOf: () => event.container };
      group = new Uint32Array(this.#reader.width);
      this.#reader.write(socket, group);
    }
    const change = { atMs: event.atMs, cookie, group };
    if (this.#changes.length >= MAX_CHANGES) this.#changes = this.#changes.slice(MAX_CHANGES / 2);
    this.#changes.push(change);
    if (this.#living !== undefined) apply(this.#living, change);
  }

  /** Begins the interval anew: peaks so far do not count. */
  restart(): void {
    this.#living?.restart();
  }

  /**
   * Ends an interval, and begins the next one with the connections of a snapshot.
   *
   * @param test of a filter
   * @returns the peaks of the interval; undefined for the first
   */
  snapshot(
    snapshot: CountedSnapshot & { takenAtMs: number },
    test: (socket: SocketView) => boolean,
  ): Peaks | undefined {
    this.#context.names = snapshot.names;
    const before = this.#living;
    const living = new Living(this.#reader.width);
    this.#of = snapshot;
    snapshot.sockets.each((socket) => {
      if (!isConnection(socket) || !test(socket)) return;
      this.#reader.write(socket, living.table.key);
      living.add(cookieOf(socket));
    });
    this.#living = living;
    // The dump may not have seen what happened meanwhile; what it has seen changes nothing.
    for (const change of this.#changes) if (change.atMs >= snapshot.takenAtMs) apply(living, change);
    this.#changes = [];
    return before && this.#peaksOf(before, living);
  }

  /** The snapshot at the end of the interval belongs to it. */
  #peaksOf(before: Living, now: Living): Peaks {
    const groups = new Map<string, Group>();
    for (const { table, peaks } of [before, now]) {
      let index = 0;
      table.each((words) => {
        const group = this.#reader.group(words, peaks[index++] ?? 0);
        const text = keyText(group);
        if (group.count > (groups.get(text)?.count ?? 0)) groups.set(text, group);
      });
    }
    return { groups, total: Math.max(before.totalPeak, now.totalPeak) };
  }
}

function apply(living: Living, { cookie, group }: Change): void {
  if (group === undefined) living.remove(cookie);
  else {
    living.table.key.set(group);
    living.add(cookie);
  }
}

function isConnection({ proto, state, peerPort }: SocketView): boolean {
  return proto === 'tcp' && state !== TCP_STATE.TIME_WAIT && state !== TCP_STATE.LISTEN && peerPort !== 0;
}

/** Exact below 2^53, and the kernel counts cookies up from boot. */
function cookieOf({ cookieLow, cookieHigh }: SocketView): number {
  return cookieHigh * 2 ** 32 + cookieLow;
}

const NOBODY: Pick<CountedSnapshot, 'holdersOf' | 'containerOf'> = {
  holdersOf: () => [],
  containerOf: () => undefined,
};
