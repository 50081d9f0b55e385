import { ColumnRows, NO_ROW, withRoomFor } from '../base/column-rows.ts';
import type { Names } from '../model/names.ts';
import type { Group, GroupKey } from '../model/report/group.ts';
import type { ConnectionEvent } from '../model/socket/connection-event.ts';
import type { Holder } from '../model/socket/socket-columns.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { type CountedSnapshot, NEEDS_ROLES } from './count-groups.ts';
import { GroupReader, keyText } from './group-reader.ts';
import { KeyTable } from './key-table.ts';
import { type Role, Roles } from './roles.ts';

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

/** Changes beyond this number are forgotten, the oldest first: snapshots come long before. */
const MAX_CHANGES = 500_000;

/** In place of the group of a change: the end of a connection. */
const ENDED = -1;

/**
 * What happened since the last snapshot, to be applied to the next one: columns, because there can be thousands a second,
 * and objects that live until the next snapshot are what a garbage collector has most work with.
 */
class Changes {
  #timesMs = new Float64Array(64);
  #cookies = new Float64Array(64);
  /** Indexes in {@link #table}, or {@link ENDED}. */
  #groups = new Int32Array(64);
  #table: KeyTable;
  #length = 0;
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
    this.#table = new KeyTable(width);
  }

  /** @param group its words; undefined at the end of a connection */
  add(atMs: number, cookie: number, group: Uint32Array | undefined): void {
    if (this.#length >= MAX_CHANGES) this.#forgetOldest();
    if (this.#length === this.#timesMs.length) this.#grow();
    let index = ENDED;
    if (group !== undefined) {
      this.#table.key.set(group);
      index = this.#table.index();
    }
    this.#timesMs[this.#length] = atMs;
    this.#cookies[this.#length] = cookie;
    this.#groups[this.#length++] = index;
  }

  /** Applies those from a time on. */
  applyTo(living: Living, fromMs: number): void {
    const groups: Uint32Array[] = [];
    this.#table.each((words) => groups.push(words));
    for (let index = 0; index < this.#length; index++) {
      if ((this.#timesMs[index] ?? 0) < fromMs) continue;
      apply(living, this.#cookies[index] ?? 0, groups[this.#groups[index] ?? ENDED]);
    }
  }

  clear(): void {
    this.#length = 0;
    if (this.#table.size > 0) this.#table = new KeyTable(this.#width);
  }

  #forgetOldest(): void {
    for (const column of [this.#timesMs, this.#cookies, this.#groups]) column.copyWithin(0, MAX_CHANGES / 2);
    this.#length -= MAX_CHANGES / 2;
  }

  #grow(): void {
    const length = this.#length * 2;
    const [times, cookies, groups] = [this.#timesMs, this.#cookies, this.#groups];
    this.#timesMs = new Float64Array(length);
    this.#cookies = new Float64Array(length);
    this.#groups = new Int32Array(length);
    this.#timesMs.set(times);
    this.#cookies.set(cookies);
    this.#groups.set(groups);
  }
}

/** Counts of one namespace: by the cookies of the connections that live, so that events and snapshots may overlap. */
class Living {
  readonly table: KeyTable;
  readonly #rows: ColumnRows;
  /** By row: the group of a connection. */
  #groups: Int32Array;
  readonly #counts: number[] = [];
  readonly peaks: number[] = [];
  /** Peaks of the groups that connections were added to since {@link takeRecent}, by their indexes. */
  #recent = new Map<number, number>();
  /** Whether connections are added one by one, as they begin. */
  isRunning = false;
  total = 0;
  totalPeak = 0;

  /** @param before the one that this replaces: its connections are forgotten, and their memory is used again */
  constructor(width: number, before: Living | undefined) {
    this.table = new KeyTable(width);
    this.#rows = before === undefined ? new ColumnRows() : before.#rows;
    this.#groups = before === undefined ? new Int32Array(0) : before.#groups;
    this.#rows.clear();
  }

  /** Adds a connection of the group in the key of {@link table}, unless it is known. */
  add(cookie: number): void {
    if (this.#rows.of(cookie) !== NO_ROW) return;
    const group = this.table.index();
    const row = this.#rows.add(cookie);
    this.#groups = withRoomFor(this.#groups, row);
    this.#groups[row] = group;
    const count = (this.#counts[group] ?? 0) + 1;
    this.#counts[group] = count;
    if (count > (this.peaks[group] ?? 0)) this.peaks[group] = count;
    if (this.isRunning && count > (this.#recent.get(group) ?? 0)) this.#recent.set(group, count);
    this.total++;
    if (this.total > this.totalPeak) this.totalPeak = this.total;
  }

  /** Peaks since the last call, or since the snapshot, of the groups that connections were added to. */
  takeRecent(): ReadonlyMap<number, number> {
    const recent = this.#recent;
    if (recent.size > 0) this.#recent = new Map();
    return recent;
  }

  /** Forgets the peaks so far. */
  restart(): void {
    this.#counts.forEach((count, group) => {
      this.peaks[group] = count;
    });
    this.totalPeak = this.total;
  }

  remove(cookie: number): void {
    const row = this.#rows.delete(cookie);
    if (row === NO_ROW) return;
    const group = this.#groups[row] ?? 0;
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
  readonly #ofEvent: Pick<CountedSnapshot, 'holdersOf' | 'containerOf'> = {
    holdersOf: () => this.#event?.processes ?? [],
    containerOf: () => this.#event?.container,
  };
  readonly #roleOfEvent = (view: SocketView) => this.#event?.role ?? this.#roles?.of(view) ?? 'none';
  /** The listeners of the last snapshot; undefined where no key depends on them. */
  #roles: Roles | undefined;
  #roleOf: ((socket: SocketView) => Role) | undefined;
  readonly #context: { names?: Names | undefined } & ConstructorParameters<typeof GroupReader>[1];
  #living: Living | undefined;
  readonly #changes: Changes;
  /** The words of the connection of an event. */
  readonly #words: Uint32Array;
  /** The event that is being read. */
  #event: ConnectionEvent | undefined;
  /** The last holder, and its text in keys. */
  #holder: Holder | undefined;
  #holderText = '';
  readonly #inEstablished: boolean;

  /** @param inEstablished whether connections count only while they are ESTABLISHED, see {@link halfClosed} */
  constructor(keys: readonly GroupKey[], inEstablished = false) {
    this.#inEstablished = inEstablished;
    this.#context = {
      processOf: (socket) => {
        const [holder] = this.#of.holdersOf(socket);
        return holder === undefined ? undefined : this.#textOf(holder);
      },
      containerOf: (socket) => this.#of.containerOf(socket),
    };
    if (keys.some((key) => NEEDS_ROLES.includes(key))) {
      this.#roles = new Roles();
      this.#context.roles = { of: (socket) => this.#roleOf?.(socket) ?? 'none' };
    }
    this.#reader = new GroupReader(keys, this.#context);
    this.#changes = new Changes(this.#reader.width);
    this.#words = new Uint32Array(this.#reader.width);
  }

  /** Most sockets have the holder of the one before. */
  #textOf(holder: Holder): string {
    if (holder !== this.#holder) {
      this.#holder = holder;
      this.#holderText = `${holder.pid}/${holder.name}`;
    }
    return this.#holderText;
  }

  /** Takes an event of the tracepoint that passes the filter; the end of a connection always. */
  event(event: ConnectionEvent): void {
    const { kind, socket } = event;
    if (socket.proto !== 'tcp') return;
    let group: Uint32Array | undefined;
    if (kind === 'opened' || kind === 'established') {
      // The client of a connection was counted when it was opened.
      const begins = this.#inEstablished ? kind === 'established' : kind === 'opened' || event.role === 'server';
      if (!begins) return;
      this.#event = event;
      this.#of = this.#ofEvent;
      this.#roleOf = this.#roleOfEvent;
      group = this.#words;
      this.#reader.write(socket, group);
    }
    this.#change(socket, event.atMs, group);
  }

  /** Takes in that a side of a connection closed: it is no longer ESTABLISHED. Its end is an event of its own. */
  halfClosed(socket: SocketView, atMs: number): void {
    if (this.#inEstablished) this.#change(socket, atMs, undefined);
  }

  #change(socket: SocketView, atMs: number, group: Uint32Array | undefined): void {
    const cookie = cookieOf(socket);
    if (cookie === 0) return;
    this.#changes.add(atMs, cookie, group);
    if (this.#living !== undefined) apply(this.#living, cookie, group);
  }

  /** Begins the interval anew: peaks so far do not count. */
  restart(): void {
    this.#living?.restart();
  }

  /**
   * The peaks of groups that connections were added to since the last call, and since the last snapshot: they are to be
   * taken before the next one.
   */
  takeRecent(): Group[] {
    const living = this.#living;
    if (living === undefined) return [];
    return [...living.takeRecent()].map(([group, peak]) => this.#reader.group(living.table.keyOf(group), peak));
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
    const living = new Living(this.#reader.width, before);
    this.#of = snapshot;
    if (this.#roles !== undefined) {
      const roles = new Roles(snapshot.sockets);
      this.#roles = roles;
      this.#roleOf = (socket) => roles.of(socket);
    }
    snapshot.sockets.each((socket) => {
      if (!isConnection(socket) || !test(socket)) return;
      this.#reader.write(socket, living.table.key);
      living.add(cookieOf(socket));
    });
    this.#living = living;
    // The dump may not have seen what happened meanwhile; what it has seen changes nothing.
    this.#changes.applyTo(living, snapshot.takenAtMs);
    living.isRunning = true;
    this.#changes.clear();
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

/** @param group its words; undefined at the end of a connection */
function apply(living: Living, cookie: number, group: Uint32Array | undefined): void {
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
