import { fullest } from '../../count/fullest-process.ts';
import { isShared, soleContainer } from '../../count/sharing.ts';
import { countByOwner, SocketCounter } from '../../count/socket-counter.ts';
import { connectionsOpened } from '../../model/netns/counters.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { DescriptorUse } from '../../model/report/overview.ts';
import type { SocketCounts } from '../../model/report/socket-counts.ts';
import type { TopRow } from '../../model/report/top-rows.ts';
import type { ProcessSample } from '../../model/sample/sample.ts';
import { stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { SnapshotTest } from '../../queries/filter-tests.ts';
import type { NetnsTick, SocketSnapshot, Tick } from '../../sources/sample-source.ts';

/** A spark line is never longer than this. */
const KEPT_TICKS = 120;

/** Whose sockets a row has. */
export interface Party {
  id: string;
  name: string;
  runtime: string;
  /** Name of the container in a shared namespace, empty for what no container has; undefined for all of a namespace. */
  owner: string | undefined;
}

/** The rows of one namespace, from tick to tick. */
export class NetnsRows {
  readonly #histories = new Map<string, number[]>();
  readonly #descriptors = new Map<string, DescriptorUse>();
  /** By the owner of a row. */
  #counters = new Map<string, SocketCounter>();
  /** Whether the counters leave out what `sockstat` counts. */
  #brief = true;
  #snapshotAtMs: number | undefined;
  #opened: { atMs: number; opens: number; perSecond: number | undefined } | undefined;
  #atMs: number | undefined;

  /**
   * A tick of a recording may come again, with a look: it does not go on then.
   *
   * @param test of a filter; undefined for all sockets
   */
  rows(tick: NetnsTick, { atMs }: Tick, test: SnapshotTest | undefined): TopRow[] {
    const { namespace, snapshot } = tick;
    const parties = partiesOf(namespace);
    const shared = isShared(namespace);
    if (snapshot !== undefined) this.#snapshot(snapshot, shared, test);
    const counted = test === undefined && !shared ? kernelCounts(tick) : undefined;
    this.#snapshotAtMs = counted === undefined ? (tick.snapshotAtMs ?? this.#snapshotAtMs) : atMs;
    const opensPerSecond = this.#opens(tick, atMs);
    const isAgain = atMs === this.#atMs;
    this.#atMs = atMs;
    const rows: TopRow[] = [];
    for (const party of parties) {
      const counts = counted ?? this.#countsOf(party, tick, test !== undefined);
      if (party.runtime === 'unowned' && counts.total === 0) continue;
      const descriptors = this.#descriptorsOf(party, tick.processes);
      rows.push({
        ...counts,
        id: party.id,
        name: party.name,
        runtime: party.runtime,
        netns: namespace.netns,
        shared,
        ...(descriptors !== undefined && { descriptors }),
        ...(!shared && opensPerSecond !== undefined && { opensPerSecond }),
        ...(this.#snapshotAtMs !== undefined && { snapshotAtMs: this.#snapshotAtMs }),
        history: this.#history(party.id, counts.total, isAgain),
      });
    }
    return rows;
  }

  /** Other sockets are wanted from now on: what was counted says nothing of them. */
  forget(): void {
    this.#histories.clear();
    this.#counters = new Map();
    this.#snapshotAtMs = undefined;
  }

  #snapshot(snapshot: SocketSnapshot, shared: boolean, test: SnapshotTest | undefined): void {
    const ownerOf = (socket: Parameters<SocketSnapshot['containerOf']>[0]) =>
      shared ? snapshot.containerOf(socket) : '';
    this.#counters = countByOwner(snapshot.sockets, ownerOf, test?.(snapshot));
    this.#brief = (snapshot.withoutStates & stateMask(TCP_STATE.TIME_WAIT)) !== 0;
  }

  /** What no container has in a shared namespace is where entries without an owner are: in TIME_WAIT. */
  #countsOf({ owner = '' }: Party, { sockstat }: NetnsTick, filtered: boolean): SocketCounts {
    const counter = this.#counters.get(owner) ?? new SocketCounter();
    const leavesOut = owner === '' && this.#brief && !filtered;
    return counter.counts(sockstat, { timeWait: leavesOut, datagrams: leavesOut });
  }

  #descriptorsOf({ id, owner }: Party, processes: readonly ProcessSample[] | undefined): DescriptorUse | undefined {
    if (processes === undefined) return this.#descriptors.get(id);
    const own = owner === undefined ? processes : processes.filter(({ container = '' }) => container === owner);
    const use = fullest(own);
    if (use === undefined) this.#descriptors.delete(id);
    else this.#descriptors.set(id, use);
    return use;
  }

  #opens({ counters }: NetnsTick, atMs: number): number | undefined {
    const opens = connectionsOpened(counters);
    if (opens === undefined) return undefined;
    const before = this.#opened;
    if (before !== undefined && atMs <= before.atMs) return before.perSecond;
    const perSecond =
      before === undefined ? undefined : (Math.max(0, opens - before.opens) * 1000) / (atMs - before.atMs);
    this.#opened = { atMs, opens, perSecond };
    return perSecond;
  }

  #history(id: string, total: number, isAgain: boolean): readonly number[] {
    const before = this.#histories.get(id) ?? [];
    const history = [...(isAgain ? before.slice(0, -1) : before), total].slice(-KEPT_TICKS);
    this.#histories.set(id, history);
    return history;
  }
}

/** Counts of this very moment, where the kernel keeps them; undefined elsewhere. */
function kernelCounts({ tcpStates, sockstat }: NetnsTick): SocketCounts | undefined {
  if (tcpStates === undefined || sockstat === undefined) return undefined;
  const counter = new SocketCounter();
  // Abandoned ones are as of the last dump: those that are over are not in sockstat's TIME_WAIT any more.
  counter.addStates(tcpStates.counts, Math.min(tcpStates.abandoned, sockstat.timeWait));
  return counter.counts(sockstat, { timeWait: true, datagrams: true });
}

/** The rows that a namespace has: one, or where it is shared one for each container and one for the rest. */
export function partiesOf(namespace: WatchedNetns): Party[] {
  const { netns, name, host, containers } = namespace;
  const runtimeOfNetns = host ? 'host' : 'netns';
  if (!isShared(namespace)) {
    const container = soleContainer(namespace);
    // A container keeps its row when it is started again, in another namespace.
    const id = container?.id ?? name;
    return [{ id, name, runtime: container?.runtime ?? runtimeOfNetns, owner: undefined }];
  }
  const rest = host ? 'host' : 'unowned';
  return [
    ...containers.map((container) => ({
      id: container.id,
      name: container.name,
      runtime: container.runtime,
      owner: container.name,
    })),
    { id: `${netns} ${rest}`, name: rest, runtime: rest, owner: '' },
  ];
}
