import { countGroups, type GroupCounts } from '../../count/count-groups.ts';
import { fullest } from '../../count/fullest-process.ts';
import { compareKeyTexts, keyText } from '../../count/group-reader.ts';
import { countAbandoned, leftOutCounts } from '../../count/left-out.ts';
import { isCountedByEvents, LivingGroups, type Peaks } from '../../count/living-groups.ts';
import { connectionsOpened } from '../../model/netns/counters.ts';
import type { GroupKey } from '../../model/report/group.ts';
import type { ChangedGroup, WatchRow } from '../../model/report/watch-row.ts';
import type { ConnectionEvent, EventSource } from '../../model/socket/connection-event.ts';
import type { Proto, SocketView } from '../../model/socket/socket-view.ts';
import { stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { EventTest, FilterTests, SnapshotTest } from '../../queries/filter-tests.ts';
import type { NetnsTick, SocketSnapshot, Tick } from '../../sources/sample-source.ts';

/** The counts of the previous tick. */
interface Before {
  atMs: number;
  total: number;
  opens: number | undefined;
  /** The last tick with a snapshot. */
  countedAtMs: number;
}

/** Holders that are known as of at most this time before their tick, milliseconds, show no age. */
const OWNERS_CURRENT_MS = 3000;
/** Keys that are those of a socket's holders. */
const OF_OWNERS: readonly GroupKey[] = ['process', 'container'];

/** Reading takes time: a snapshot at most this old, in milliseconds, belongs to its tick and shows no age. */
const CURRENT_MS = 1000;

/** Counts the sockets of one namespace, from tick to tick. */
export class WatchTarget {
  readonly #keys: readonly GroupKey[];
  readonly #protos: readonly Proto[];
  readonly #snapshotTest: SnapshotTest | undefined;
  readonly #eventTest: EventTest | undefined;
  #counts = new Map<string, number>();
  #before: Before | undefined;
  #last: { row: WatchRow; takenAtMs: number } | undefined;
  /** Ends of connections, among them attempts that failed. */
  #closes = 0;
  #failures = 0;
  /** Openings at either end. */
  #opens = 0;
  /** Counts groups between snapshots; undefined where events do not tell enough. */
  readonly #living: LivingGroups | undefined;
  /** Those in no snapshot, closed since the last one: opened and closed between two. */
  #unseen = 0;
  /** Losses of events since the last snapshot, before this tick. */
  #lost = 0;

  /**
   * @param tests of the filter; undefined for all sockets
   * @param eventSource of the source; undefined where events are not received
   */
  constructor(
    keys: readonly GroupKey[],
    protos: readonly Proto[],
    tests: FilterTests | undefined,
    eventSource: EventSource | undefined,
  ) {
    const isExact = eventSource === 'tracepoint' && isCountedByEvents(keys) && (tests?.isConstant ?? true);
    if (isExact && protos.includes('tcp')) this.#living = new LivingGroups(keys);
    this.#keys = keys;
    this.#protos = protos;
    this.#snapshotTest = tests?.snapshot;
    this.#eventTest = tests?.events;
  }

  /** Counts an event. */
  event(event: ConnectionEvent): void {
    if (event.proto !== 'tcp') return;
    if (this.#eventTest !== undefined && !this.#eventTest(event)) return;
    this.#living?.event(event);
    const { count = 1 } = event;
    switch (event.kind) {
      case 'opened':
        this.#opens++;
        return;
      case 'established':
        if (event.role === 'server') this.#opens++;
        return;
      case 'failed':
        this.#failures += count;
    }
    this.#closes += count;
    // The tracepoint has told of its opening.
    if (event.source === 'sock_diag' && event.remembered === undefined) this.#unseen += count;
  }

  /** The row of a tick. */
  row(tick: NetnsTick, snapshot: SocketSnapshot, { atMs, names }: Tick): WatchRow {
    const test = this.#snapshotTest?.(snapshot) ?? everything;
    const before = this.#before;
    const isNew =
      before && ((socket: SocketView) => (snapshot.seenSince(socket)?.firstSeenMs ?? 0) > before.countedAtMs);
    // A recording contains all protocols, whatever `#protos` are.
    const counts = countGroups(
      { ...snapshot, names },
      this.#keys,
      (socket) => this.#protos.includes(socket.proto) && test(socket),
      isNew,
    );
    const timeWait = this.#timeWait(tick, snapshot);
    if (timeWait > 0) addTimeWait(counts, timeWait);
    // Without cookies (/proc) events and snapshots cannot be joined.
    const peaks = snapshot.source !== 'procfs' ? this.#living?.snapshot({ ...snapshot, names }, test) : undefined;
    const groups = this.#changed(counts, peaks);
    const opens = connectionsOpened(tick.counters);
    const rates = before === undefined ? {} : this.#rates(before, atMs, counts.opened, opens, tick);
    this.#before = { atMs, total: counts.total, opens, countedAtMs: atMs };
    this.#closes = 0;
    this.#failures = 0;
    this.#opens = 0;
    this.#unseen = 0;
    this.#lost = 0;
    const descriptors = fullest(tick.processes ?? []);
    const row: WatchRow = {
      at: new Date(atMs),
      target: tick.namespace.name,
      total: counts.total,
      ...(before !== undefined && { change: counts.total - before.total }),
      groups,
      ...(peaks !== undefined && { peak: peaks.total }),
      ...rates,
      ...(descriptors !== undefined && { descriptors }),
      ...(atMs - snapshot.takenAtMs > CURRENT_MS && { ageMs: atMs - snapshot.takenAtMs }),
      ...this.#ownersAge(snapshot, atMs),
      lost: tick.lost,
      notes: snapshot.coverage.notes,
    };
    this.#last = { row, takenAtMs: snapshot.takenAtMs };
    return row;
  }

  /** The row of a tick without a snapshot: the counts of the last snapshot, with their age. */
  rowAgain(tick: NetnsTick, { atMs }: Tick): WatchRow | undefined {
    const last = this.#last;
    const before = this.#before;
    if (last === undefined || before === undefined) return undefined;
    const opens = connectionsOpened(tick.counters);
    const rates = this.#rates(before, atMs, undefined, opens, tick);
    this.#before = { ...before, atMs, opens };
    this.#closes = 0;
    this.#failures = 0;
    this.#opens = 0;
    this.#lost += tick.lost;
    const { total, groups } = last.row;
    return {
      at: new Date(atMs),
      target: tick.namespace.name,
      total,
      groups: groups.map(unchanged),
      ...rates,
      ageMs: atMs - last.takenAtMs,
      lost: tick.lost,
      notes: [],
    };
  }

  #ownersAge({ ownersAtMs }: SocketSnapshot, atMs: number): Pick<WatchRow, 'ownersAgeMs'> {
    const isOld = ownersAtMs !== undefined && atMs - ownersAtMs > OWNERS_CURRENT_MS;
    return isOld && this.#keys.some((key) => OF_OWNERS.includes(key)) ? { ownersAgeMs: atMs - ownersAtMs } : {};
  }

  /** Number of TIME_WAIT entries, from sockstat, where the snapshot left them out: only when groups are by state alone. */
  #timeWait({ sockstat }: NetnsTick, { withoutStates, sockets }: SocketSnapshot): number {
    const leftOut = (withoutStates & stateMask(TCP_STATE.TIME_WAIT)) !== 0;
    const onlyStates = this.#keys.every((key) => key === 'state') && this.#protos.includes('tcp');
    if (!leftOut || !onlyStates || this.#snapshotTest !== undefined) return 0;
    if (sockstat === undefined) return 0;
    return leftOutCounts(sockstat, { timeWait: true, datagrams: false }, countAbandoned(sockets)).timeWait;
  }

  #changed({ groups }: GroupCounts, peaks: Peaks | undefined): ChangedGroup[] {
    const counts = new Map<string, number>();
    const changed = groups.map((group) => {
      const key = JSON.stringify(group.key);
      counts.set(key, group.count);
      return this.#before === undefined ? group : { ...group, change: group.count - (this.#counts.get(key) ?? 0) };
    });
    this.#counts = counts;
    return peaks === undefined ? changed : withPeaks(changed, peaks);
  }

  /**
   * The kernel counts opened connections. With a filter, and where its counters cannot be read, they are counted here:
   * those that are new in the snapshot, and closed ones that were in no snapshot; their rate is that of the time since
   * the last snapshot.
   *
   * @param opened number of connections that are new in the snapshot; undefined at a tick without one
   */
  #rates(
    before: Before,
    atMs: number,
    opened: number | undefined,
    opens: number | undefined,
    tick: NetnsTick,
  ): Pick<WatchRow, 'opensPerSecond' | 'opensAtLeast' | 'failuresPerSecond' | 'closesPerSecond'> {
    // Without a test for events, a filter leaves the rates unknown.
    const isDecided = this.#snapshotTest === undefined || this.#eventTest !== undefined;
    const events = isDecided ? tick.events : undefined;
    const perSecond = (count: number, sinceMs: number) =>
      Math.round((Math.max(0, count) * 10_000) / (atMs - sinceMs)) / 10;
    const closes = events === undefined ? {} : { closesPerSecond: perSecond(this.#closes, before.atMs) };
    // Only the tracepoint tells of a failure when it happens, not when the descriptor is closed.
    const isExact = events?.opened !== undefined;
    const ends = { ...(isExact && { failuresPerSecond: perSecond(this.#failures, before.atMs) }), ...closes };
    if (this.#snapshotTest === undefined && opens !== undefined && before.opens !== undefined) {
      return { opensPerSecond: perSecond(opens - before.opens, before.atMs), ...ends };
    }
    if (events === undefined) return ends;
    const atLeast = (lost: number) => (lost > 0 ? { opensAtLeast: true as const } : {});
    if (isExact) return { opensPerSecond: perSecond(this.#opens, before.atMs), ...atLeast(tick.lost), ...ends };
    if (opened === undefined) return ends;
    const opensPerSecond = perSecond(this.#unseen + opened, before.countedAtMs);
    return { opensPerSecond, ...atLeast(this.#lost + tick.lost), ...ends };
  }
}

/** The most groups that had connections only between two snapshots, the largest peaks first. */
const MAX_PASSED = 20;

/** The groups with their peaks, and those that were there only between the snapshots. */
function withPeaks(groups: readonly ChangedGroup[], { groups: peaks }: Peaks): ChangedGroup[] {
  const left = new Map(peaks);
  const counted = groups.map((group) => {
    const text = keyText(group);
    const peak = left.get(text)?.count;
    left.delete(text);
    return peak === undefined ? group : { ...group, peak };
  });
  // In the order of their keys where they are equal: that of events would differ from run to run.
  const ordered = [...left].sort(([a], [b]) => compareKeyTexts(a, b)).map(([, group]) => group);
  const passed = ordered.sort((a, b) => b.count - a.count).slice(0, MAX_PASSED);
  return [...counted, ...passed.map((group) => ({ ...group, count: 0, peak: group.count }))];
}

function unchanged({ key, count, names }: ChangedGroup): ChangedGroup {
  return { key, count, ...(names !== undefined && { names }) };
}

function everything(_socket: SocketView): boolean {
  return true;
}

function addTimeWait(counts: GroupCounts, count: number): void {
  counts.total += count;
  counts.groups.push({ key: { state: 'TIME_WAIT' }, count });
  counts.groups.sort((a, b) => b.count - a.count);
}
