import { DESCRIPTOR_PASS, unknownIn } from '../../filter/known-fields.ts';
import type { Filter } from '../../filter/syntax.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { GroupKey } from '../../model/report/group.ts';
import type { WatchRow } from '../../model/report/watch-row.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { Proto } from '../../model/socket/socket-view.ts';
import { ALL_STATES, stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import { testsOverTime } from '../../queries/filter-tests.ts';
import { openSource, type SourceOptions } from '../../sources/open-source.ts';
import { recordedCoverage } from '../../sources/recorded/recorded-coverage.ts';
import { allTo, type SampleSource, type Tick, type TickRequest } from '../../sources/sample-source.ts';
import type { CommandContext, Format } from '../context.ts';
import { readFilter } from '../read-filter.ts';
import { WatchTarget } from './watch-counter.ts';
import { WatchReport } from './watch-report.ts';

export interface WatchOptions extends SourceOptions {
  /** As typed; empty for all. */
  filter: string;
  /** Parse the filter like ss. */
  asSs: boolean;
  protos: readonly Proto[];
  /** The keys of the groups. */
  by: readonly GroupKey[];
  format: Extract<Format, 'text' | 'ndjson'>;
}

/** Keys that need tcp_info. */
const MEASURED: readonly GroupKey[] = ['idle', 'age', 'rtt'];

/** `socklens watch`: a line per tick with the groups' counts. */
export async function watch(context: CommandContext, options: WatchOptions): Promise<void> {
  const filter = readFilter(context, options.filter, options.asSs);
  const source = await openSource(context.machine, options);
  const stop = context.stopSignal?.();
  const report = new WatchReport(context, options);
  try {
    const watched = new WatchedTargets(source, options, filter);
    for (;;) {
      const tick = await source.next(watched.request, stop);
      if (tick === undefined) break;
      report.notes(tick);
      report.rows(await watched.rows(tick));
    }
    report.finish();
  } finally {
    source.close();
  }
}

/** The counters of the watched namespaces. */
class WatchedTargets {
  readonly request: TickRequest;
  readonly #source: SampleSource;
  readonly #filter: Filter;
  readonly #keys: readonly GroupKey[];
  readonly #protos: readonly Proto[];
  readonly #targets = new Map<number, WatchTarget>();
  readonly #recorded: boolean;

  constructor(source: SampleSource, { by, protos, from }: WatchOptions, filter: Filter) {
    this.#source = source;
    this.#recorded = from !== undefined;
    this.#filter = filter;
    this.#keys = by;
    this.#protos = protos;
    const query = queryFor(by, protos, filter);
    this.request = {
      isForeground: () => true,
      // Queues and timers are in no count, but a filter may ask for them.
      countsOnly: filter.tree === undefined || unknownIn(filter.tree, DESCRIPTOR_PASS).length === 0,
      query: () => query,
      processes: 'count',
      allCounters: false,
      events: allTo(({ netns }, event) => this.#targets.get(netns)?.event(event)),
    };
  }

  /** The rows of a tick, one for each namespace that has been read. */
  async rows(tick: Tick): Promise<WatchRow[]> {
    const rows: WatchRow[] = [];
    const present = new Set<number>();
    for (const netnsTick of tick.namespaces) {
      const { namespace, snapshot } = netnsTick;
      present.add(namespace.netns);
      let target = this.#targets.get(namespace.netns);
      if (target === undefined) {
        target = await this.#make(namespace);
        this.#targets.set(namespace.netns, target);
      }
      const row = snapshot === undefined ? target.rowAgain(netnsTick, tick) : target.row(netnsTick, snapshot, tick);
      if (row === undefined) continue;
      // A recording notes what its samples leave out; live, sockstat counts what a dump leaves out.
      const leftOut = this.#recorded && snapshot !== undefined;
      rows.push(leftOut ? { ...row, notes: recordedCoverage(snapshot, tick.atMs).notes } : row);
    }
    for (const netns of this.#targets.keys()) if (!present.has(netns)) this.#targets.delete(netns);
    return rows;
  }

  async #make(namespace: WatchedNetns): Promise<WatchTarget> {
    const bound = await this.#source.bind(namespace, this.#filter);
    return new WatchTarget(
      this.#keys,
      this.#protos,
      bound === undefined ? undefined : testsOverTime(bound, this.#source),
      this.#source.eventSource,
    );
  }
}

/** Entries in TIME_WAIT can be tens of thousands: where only states are counted, sockstat has their number. */
function queryFor(keys: readonly GroupKey[], protos: readonly Proto[], filter: Filter): SocketQuery {
  const onlyStates = filter.tree === undefined && keys.every((key) => key === 'state');
  return {
    protos,
    inet: true,
    inet6: true,
    tcpInfo:
      keys.some((key) => MEASURED.includes(key)) ||
      (filter.tree !== undefined && unknownIn(filter.tree, DESCRIPTOR_PASS).length > 0),
    states: onlyStates ? ALL_STATES & ~stateMask(TCP_STATE.TIME_WAIT) : ALL_STATES,
  };
}
