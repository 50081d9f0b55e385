import { wasSetBack } from '../../base/clock-set.ts';
import { perObject } from '../../base/memo.ts';
import { fullest } from '../../count/fullest-process.ts';
import { countByOwner, SocketCounter } from '../../count/socket-counter.ts';
import { OUTSIDE } from '../../model/netns/attribution.ts';
import { connectionsOpened } from '../../model/netns/counters.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import { isShared, NO_RUNTIME, sharedName, soleContainer } from '../../model/netns/sharing.ts';
import type { ConnectionEnds } from '../../model/report/connection-ends.ts';
import type { DescriptorUse } from '../../model/report/overview.ts';
import type { SocketCounts } from '../../model/report/socket-counts.ts';
import type { TopRow } from '../../model/report/top-rows.ts';
import type { ProcessSample } from '../../model/sample/sample.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { NetnsTick, SocketSnapshot, Tick } from '../../sources/sample-source.ts';
import { snapshotAttribution } from '../../sources/scope/snapshot-attribution.ts';
import type { SnapshotTest } from '../filter-tests.ts';
import { ConnectionCounter } from './connection-counter.ts';

const NO_HISTORY: readonly number[] = [];

/** Ticks in the history of a row: the maximum length of a sparkline. */
export const HISTORY_TICKS = 120;

/** Which sockets a row counts. */
export interface RowIdentity {
  id: string;
  name: string;
  runtime: string;
  /**
   * In a shared namespace the name of the container, `OUTSIDE` for those of the host's processes, and empty for those of
   * nobody, see {@link rowOwner}; undefined for all sockets of a namespace.
   */
  owner: string | undefined;
}

/** The rows of one namespace, from tick to tick. */
export class NetnsRows {
  readonly #histories = new Map<string, number[]>();
  readonly #descriptors = new Map<string, DescriptorUse>();
  /** By the owner of a row. */
  #counters = new Map<string, SocketCounter>();
  /** Whether the counters leave out TIME_WAIT, which sockstat counts. */
  #withoutTimeWait = true;
  #snapshotAtMs: number | undefined;
  #opened: { atMs: number; opens: number; perSecond: number | undefined } | undefined;
  readonly #connections = new ConnectionCounter();
  readonly #historyTicks: number;
  #atMs: number | undefined;

  /** @param historyTicks how long the histories of rows are; 0 for none */
  constructor(historyTicks = HISTORY_TICKS) {
    this.#historyTicks = historyTicks;
  }

  /** Counts a connection event. */
  event(namespace: WatchedNetns, event: ConnectionEvent): void {
    this.#connections.event(event, ownerOfEvent(namespace, event));
  }

  /**
   * The rows of a tick. A tick of a recording may be repeated with a snapshot; histories do not grow then.
   *
   * @param test of a filter; undefined for all sockets
   */
  rows(tick: NetnsTick, { atMs }: Tick, test: SnapshotTest | undefined): TopRow[] {
    const { namespace, snapshot } = tick;
    const identities = identitiesOf(namespace);
    const shared = isShared(namespace);
    if (snapshot !== undefined) this.#snapshot(namespace, snapshot, test);
    this.#snapshotAtMs = tick.snapshotAtMs ?? this.#snapshotAtMs;
    const opensPerSecond = this.#opens(tick, atMs);
    // Events of the tracepoint belong to rows; the kernel's counter is that of the namespace.
    const isExact = tick.events?.opened !== undefined;
    this.#connections.tick(atMs);
    const isAgain = atMs === this.#atMs;
    this.#atMs = atMs;
    const rows: TopRow[] = [];
    for (const identity of identities) {
      const counts = this.#countsOf(identity, tick, test !== undefined || shared);
      if (identity.runtime === NO_RUNTIME && counts.total === 0) continue;
      const descriptors = this.#descriptorsOf(identity, tick.processes);
      rows.push({
        ...counts,
        id: identity.id,
        name: identity.name,
        runtime: identity.runtime,
        netns: namespace.netns,
        shared,
        ...(descriptors !== undefined && { descriptors }),
        ...(isExact && this.#connections.ratesOf(identity.owner ?? '')),
        ...(!shared && opensPerSecond !== undefined && { opensPerSecond }),
        ...(this.#snapshotAtMs !== undefined && { snapshotAtMs: this.#snapshotAtMs }),
        history: this.#history(identity.id, counts.total, isAgain),
      });
    }
    return rows;
  }

  /** How connections ended up to the last tick; undefined before the second. @param owner see `RowIdentity.owner` */
  endsOf(owner: string): ConnectionEnds | undefined {
    return this.#connections.endsOf(owner);
  }

  /** Discards counts and histories, because the filter has changed. */
  forget(): void {
    this.#histories.clear();
    this.#counters = new Map();
    this.#snapshotAtMs = undefined;
  }

  #snapshot(namespace: WatchedNetns, snapshot: SocketSnapshot, test: SnapshotTest | undefined): void {
    const ownerOf = isShared(namespace) ? rowOwner(namespace, snapshot) : () => '';
    this.#counters = countByOwner(snapshot.sockets, ownerOf, test?.(snapshot));
    this.#withoutTimeWait = (snapshot.withoutStates & stateMask(TCP_STATE.TIME_WAIT)) !== 0;
  }

  /** @param onlyRead whether sockets that were not read do not count: they may not match, or be another row's */
  #countsOf({ owner = '' }: RowIdentity, { sockstat }: NetnsTick, onlyRead: boolean): SocketCounts {
    const counter = this.#counters.get(owner) ?? new SocketCounter();
    const leavesOut = this.#withoutTimeWait && !onlyRead;
    return counter.counts(sockstat, { timeWait: leavesOut, datagrams: leavesOut });
  }

  #descriptorsOf(
    { id, owner }: RowIdentity,
    processes: readonly ProcessSample[] | undefined,
  ): DescriptorUse | undefined {
    if (processes === undefined) return this.#descriptors.get(id);
    const own = owner === undefined ? processes : processes.filter(({ container = OUTSIDE }) => container === owner);
    const use = fullest(own);
    if (use === undefined) this.#descriptors.delete(id);
    else this.#descriptors.set(id, use);
    return use;
  }

  #opens({ counters }: NetnsTick, atMs: number): number | undefined {
    const opens = connectionsOpened(counters);
    if (opens === undefined) return undefined;
    const before = this.#opened !== undefined && wasSetBack(this.#opened.atMs, atMs) ? undefined : this.#opened;
    if (before !== undefined && atMs <= before.atMs) return before.perSecond;
    const perSecond =
      before === undefined ? undefined : (Math.max(0, opens - before.opens) * 1000) / (atMs - before.atMs);
    this.#opened = { atMs, opens, perSecond };
    return perSecond;
  }

  #history(id: string, total: number, isAgain: boolean): readonly number[] {
    if (this.#historyTicks === 0) return NO_HISTORY;
    const before = this.#histories.get(id) ?? [];
    const history = [...(isAgain ? before.slice(0, -1) : before), total].slice(-this.#historyTicks);
    this.#histories.set(id, history);
    return history;
  }
}

/** The row of an event, see `RowIdentity.owner`; the empty text where the namespace is not shared. */
export function ownerOfEvent(namespace: WatchedNetns, { container = '' }: { container?: string | undefined }): string {
  if (!isShared(namespace)) return '';
  return namespace.containers.some(({ name }) => name === container) ? container : '';
}

/** The row of each socket of a shared namespace, see `RowIdentity.owner`. */
export function rowOwner({ host }: WatchedNetns, snapshot: SocketSnapshot): (socket: SocketView) => string {
  const attributionOf = snapshotAttribution(snapshot);
  return (socket) => {
    const owner = attributionOf(socket)?.owner ?? '';
    return owner === OUTSIDE && !host ? '' : owner;
  };
}

/**
 * The rows of a namespace: one; or, where it is shared, one for each container that is meant, and, where all of it is
 * meant, one for the host and one for what belongs to nobody. The same list each time: every tick asks for it several times.
 */
export const identitiesOf = perObject((namespace: WatchedNetns): readonly RowIdentity[] => {
  const { netns, name, host, containers, madeBy, scope } = namespace;
  const runtimeOfNetns = host ? 'host' : 'netns';
  if (!isShared(namespace)) {
    const container = soleContainer(namespace);
    // A container that restarts in another namespace has the same row.
    const id = container?.id ?? name;
    const shown = madeBy === undefined ? name : `${name} in ${madeBy.join(',')}`;
    return [{ id, name: shown, runtime: container?.runtime ?? runtimeOfNetns, owner: undefined }];
  }
  const rows: RowIdentity[] = containers
    .filter(({ id }) => scope?.includes(id) ?? true)
    .map((container) => ({
      id: container.id,
      name: container.name,
      runtime: container.runtime,
      owner: container.name,
    }));
  if (scope !== undefined) return rows;
  if (host) rows.push({ id: `${netns} host`, name: 'host', runtime: 'host', owner: OUTSIDE });
  const members = [...containers.map((container) => container.name), ...(host ? ['host'] : [])];
  return [...rows, { id: `${netns} shared`, name: sharedName(members), runtime: NO_RUNTIME, owner: '' }];
});
