import { fullest } from '../../analyze/fullest-process.ts';
import { entriesInOtherStates } from '../../analyze/time-wait.ts';
import { countOwners, countsOfStates, withCounted } from '../../analyze/top-counts.ts';
import type { SpaceLook, SpaceTick, Tick } from '../../collect/sampling/source.ts';
import type { Sockstat } from '../../model/counters.ts';
import type { DescriptorUse } from '../../model/overview.ts';
import type { ProcessSample } from '../../model/sample.ts';
import { stateMask, TCP_STATE } from '../../model/tcp-state.ts';
import type { TopCounts, TopRow } from '../../model/top-rows.ts';
import type { WatchedSpace } from '../../model/watched.ts';
import type { LookTest } from '../bound-tests.ts';

/** A spark line is never longer than this. */
const KEPT_TICKS = 120;

const NOTHING: TopCounts = { total: 0, udp: 0, byState: {} };

/** Whose sockets a row has. */
export interface Party {
  id: string;
  name: string;
  runtime: string;
  /** Name of the container in a shared namespace, empty for what no container has; undefined for all of a namespace. */
  owner: string | undefined;
}

/** The rows of one namespace, from tick to tick. */
export class SpaceRows {
  readonly #histories = new Map<string, number[]>();
  readonly #descriptors = new Map<string, DescriptorUse>();
  #counts = new Map<string, TopCounts>();
  /** Whether the counts leave out what `sockstat` counts. */
  #brief = true;
  /** Those of the counts that `sockstat` has under TIME_WAIT. */
  #entries = 0;
  #lookedAtMs: number | undefined;
  #opened: { atMs: number; opens: number; perSecond: number | undefined } | undefined;
  #atMs: number | undefined;

  /**
   * A tick of a recording may come again, with a look: it does not go on then.
   *
   * @param test of a filter; undefined for all sockets
   */
  rows(tick: SpaceTick, { atMs }: Tick, test: LookTest | undefined): TopRow[] {
    const { space, look } = tick;
    const parties = partiesOf(space);
    const shared = parties.length > 1;
    if (look !== undefined) this.#look(look, shared, test);
    const counted = test === undefined && !shared ? countedStates(tick) : undefined;
    this.#lookedAtMs = counted === undefined ? (tick.lookedAtMs ?? this.#lookedAtMs) : atMs;
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
        ...{ id: party.id, name: party.name, runtime: party.runtime, netns: space.netns, shared },
        ...(descriptors !== undefined && { descriptors }),
        ...(!shared && opensPerSecond !== undefined && { opensPerSecond }),
        ...(this.#lookedAtMs !== undefined && { lookedAtMs: this.#lookedAtMs }),
        history: this.#history(party.id, counts.total, isAgain),
      });
    }
    return rows;
  }

  /** Other sockets are wanted from now on: what was counted says nothing of them. */
  forget(): void {
    this.#histories.clear();
    this.#counts = new Map();
    this.#lookedAtMs = undefined;
  }

  #look(look: SpaceLook, shared: boolean, test: LookTest | undefined): void {
    const ownerOf = (socket: Parameters<SpaceLook['containerOf']>[0]) => (shared ? look.containerOf(socket) : '');
    this.#counts = countOwners(look.sockets, ownerOf, test?.(look) ?? (() => true));
    this.#brief = (look.withoutStates & stateMask(TCP_STATE.TIME_WAIT)) !== 0;
    this.#entries = this.#brief ? entriesInOtherStates(look.sockets) : 0;
  }

  /** What no container has in a shared namespace is where entries without an owner are: in TIME_WAIT. */
  #countsOf({ owner = '' }: Party, { sockstat }: SpaceTick, filtered: boolean): TopCounts {
    const counts = this.#counts.get(owner) ?? NOTHING;
    if (owner !== '' || !this.#brief || filtered || sockstat === undefined) return counts;
    return withCounted(counts, countedBySockstat(sockstat, this.#entries));
  }

  #descriptorsOf({ id, owner }: Party, processes: readonly ProcessSample[] | undefined): DescriptorUse | undefined {
    if (processes === undefined) return this.#descriptors.get(id);
    const own = owner === undefined ? processes : processes.filter(({ container = '' }) => container === owner);
    const use = fullest(own);
    if (use === undefined) this.#descriptors.delete(id);
    else this.#descriptors.set(id, use);
    return use;
  }

  #opens({ counters }: SpaceTick, atMs: number): number | undefined {
    const active = counters?.TcpActiveOpens;
    const passive = counters?.TcpPassiveOpens;
    if (active === undefined || passive === undefined) return undefined;
    const before = this.#opened;
    const opens = active + passive;
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
function countedStates({ tcpStates, sockstat }: SpaceTick): TopCounts | undefined {
  if (tcpStates === undefined || sockstat === undefined) return undefined;
  const abandoned = Math.min(tcpStates.abandoned, sockstat.timeWait);
  const counts = tcpStates.counts.map((count, state) => count + (state === TCP_STATE.FIN_WAIT2 ? abandoned : 0));
  return withCounted(countsOfStates(counts), countedBySockstat(sockstat, abandoned));
}

/** @param entries of those in TIME_WAIT that are counted in another state already */
function countedBySockstat(sockstat: Sockstat, entries: number) {
  const { timeWait, udp, udp6, udplite, udplite6, raw, raw6 } = sockstat;
  return { timeWait: Math.max(0, timeWait - entries), udp: udp + udp6 + udplite + udplite6, raw: raw + raw6 };
}

/** The rows that a namespace has: one, or where it is shared one for each container and one for the rest. */
export function partiesOf({ netns, name, host, containers }: WatchedSpace): Party[] {
  const runtimeOfSpace = host ? 'host' : 'netns';
  if (containers.length + (host ? 1 : 0) <= 1) {
    const [container] = containers;
    // A container keeps its row when it is started again, in another namespace.
    const id = container?.id ?? name;
    return [{ id, name, runtime: container?.runtime ?? runtimeOfSpace, owner: undefined }];
  }
  const rest = host ? 'host' : 'unowned';
  return [
    ...containers.map((container) => ({
      ...{ id: container.id, name: container.name, runtime: container.runtime, owner: container.name },
    })),
    { id: `${netns} ${rest}`, name: rest, runtime: rest, owner: '' },
  ];
}
