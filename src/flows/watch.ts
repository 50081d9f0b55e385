import type { EndedSocket } from '../collect/ended-stream.ts';
import { openSource, type SourceOptions } from '../collect/sampling/open-source.ts';
import type { SampleSource, Tick, TickWish } from '../collect/sampling/source.ts';
import type { Filter } from '../filter/syntax.ts';
import type { GroupKey } from '../model/group.ts';
import type { SocketQuery } from '../model/socket-query.ts';
import type { Proto } from '../model/socket-view.ts';
import { ALL_STATES, stateMask, TCP_STATE } from '../model/tcp-state.ts';
import type { WatchRow } from '../model/watch-row.ts';
import type { WatchedSpace } from '../model/watched.ts';
import { safeText } from '../present/safe-text.ts';
import { noteLine, sampleLine, watchSummaryLine } from '../present/watch-json.ts';
import { WatchLines } from '../present/watch-lines.ts';
import { boundTests } from './bound-tests.ts';
import type { FlowContext, Format } from './context.ts';
import { readFilter } from './read-filter.ts';
import { recordedCoverage } from './recorded-coverage.ts';
import { WatchTarget } from './watch-target.ts';

export interface WatchOptions extends SourceOptions {
  /** As typed; empty for all. */
  filter: string;
  asSs: boolean;
  protos: readonly Proto[];
  by: readonly GroupKey[];
  format: Extract<Format, 'text' | 'ndjson'>;
}

/** Keys that are read off the kernel's TCP information. */
const MEASURED: readonly GroupKey[] = ['idle', 'age', 'rtt'];

/** `socklens watch`: a line per tick with the groups' counts. */
export async function watch(context: FlowContext, options: WatchOptions): Promise<void> {
  const filter = readFilter(context, options.filter, options.asSs);
  const source = await openSource(context.machine, options);
  const stop = context.stopSignal?.();
  const report = new WatchReport(context, options);
  try {
    const watched = new WatchedTargets(source, options, filter);
    for (;;) {
      const tick = await source.next(watched.wish, stop);
      if (tick === undefined) break;
      report.notes(tick);
      report.rows(await watched.rows(tick));
    }
    report.finish();
  } finally {
    source.close();
  }
}

/** Counts what is watched, namespace by namespace. */
class WatchedTargets {
  readonly wish: TickWish;
  readonly #source: SampleSource;
  readonly #filter: Filter;
  readonly #keys: readonly GroupKey[];
  readonly #protos: readonly Proto[];
  readonly #targets = new Map<number, WatchTarget>();
  readonly #recorded: boolean;
  #containers: Tick['containers'] = [];

  constructor(source: SampleSource, { by, protos, from }: WatchOptions, filter: Filter) {
    this.#source = source;
    this.#recorded = from !== undefined;
    this.#filter = filter;
    this.#keys = by;
    this.#protos = protos;
    const query = queryFor(by, protos, filter);
    this.wish = {
      looksAt: () => true,
      query: () => query,
      ...{ processes: 'count', allCounters: false },
      ended: (space, ended) => this.#ended(space, ended),
    };
  }

  async rows(tick: Tick): Promise<WatchRow[]> {
    this.#containers = tick.containers;
    const rows: WatchRow[] = [];
    const present = new Set<number>();
    for (const spaceTick of tick.spaces) {
      const { space, look } = spaceTick;
      present.add(space.netns);
      let target = this.#targets.get(space.netns);
      if (target === undefined) {
        target = await this.#make(space);
        this.#targets.set(space.netns, target);
      }
      if (look === undefined) continue;
      const row = target.row(spaceTick, look, tick);
      // A recording says what it leaves out; live, what is left out is counted by the kernel.
      rows.push(this.#recorded ? { ...row, notes: recordedCoverage(look, tick.atMs).notes } : row);
    }
    for (const netns of this.#targets.keys()) if (!present.has(netns)) this.#targets.delete(netns);
    return rows;
  }

  async #make(space: WatchedSpace): Promise<WatchTarget> {
    const bound = await this.#source.bind(space, this.#filter);
    return new WatchTarget(
      this.#keys,
      this.#protos,
      bound === undefined ? undefined : boundTests(bound, () => this.#containers),
    );
  }

  #ended({ netns }: WatchedSpace, ended: EndedSocket): void {
    this.#targets.get(netns)?.ended(ended);
  }
}

/** Connections in TIME_WAIT can be tens of thousands: where only states are counted, the kernel has counted them. */
function queryFor(keys: readonly GroupKey[], protos: readonly Proto[], filter: Filter): SocketQuery {
  const onlyStates = filter.tree === undefined && keys.every((key) => key === 'state');
  return {
    ...{ protos, inet: true, inet6: true },
    tcpInfo: filter.tree !== undefined || keys.some((key) => MEASURED.includes(key)),
    states: onlyStates ? ALL_STATES & ~stateMask(TCP_STATE.TIME_WAIT) : ALL_STATES,
  };
}

/** Writes rows, remarks, and the summary. */
class WatchReport {
  readonly #context: FlowContext;
  readonly #format: WatchOptions['format'];
  readonly #lines: WatchLines;
  readonly #told = new Set<string>();
  readonly #peaks = new Map<string, { samples: number; peak: number; peakAt: Date; last: number }>();
  /** Of a recording: times of its first and last tick. */
  readonly #recorded: boolean;
  #from: Date | undefined;
  #to = new Date();

  constructor(context: FlowContext, { format, target, from }: WatchOptions) {
    this.#context = context;
    this.#recorded = from !== undefined;
    if (!this.#recorded) this.#from = this.#to;
    this.#format = format;
    const several = target === undefined || target.includes(',') || target === 'all';
    this.#lines = new WatchLines({ width: context.out.columns, targets: several });
  }

  notes(tick: Tick): void {
    this.#from ??= new Date(tick.atMs);
    if (this.#recorded) this.#to = new Date(tick.atMs);
    const notes = [...tick.notes];
    if (tick.budget?.stretched)
      notes.push(
        `the background's budget of ${tick.budget.share * 100} % of a core is used up: what nobody looks at is read less often`,
      );
    for (const note of notes) this.#note(tick.atMs, note);
  }

  rows(rows: readonly WatchRow[]): void {
    for (const row of rows) {
      for (const note of row.notes) {
        if (this.#told.has(`${row.target} ${note}`)) continue;
        this.#told.add(`${row.target} ${note}`);
        this.#note(row.at.getTime(), `${row.target}: ${note}`);
      }
      this.#remember(row);
    }
    if (rows.length === 0) return;
    this.#context.out.write(this.#format === 'ndjson' ? rows.map(sampleLine).join('') : this.#lines.lines(rows));
  }

  finish(): void {
    const from = this.#from ?? this.#to;
    const targets = [...this.#peaks].map(([target, peak]) => ({ target, ...peak }));
    if (this.#format === 'ndjson')
      this.#context.out.write(watchSummaryLine(from, this.#recorded ? this.#to : new Date(), targets));
    else this.#context.out.write(this.#lines.summary(targets));
  }

  #remember({ target, total, at }: WatchRow): void {
    const known = this.#peaks.get(target);
    if (known === undefined) this.#peaks.set(target, { samples: 1, peak: total, peakAt: at, last: total });
    else {
      known.samples++;
      known.last = total;
      if (total > known.peak) Object.assign(known, { peak: total, peakAt: at });
    }
  }

  #note(atMs: number, note: string): void {
    const { out, err } = this.#context;
    if (this.#format === 'ndjson') out.write(noteLine(new Date(atMs), note));
    else err.write(`socklens: ${safeText(note)}\n`);
  }
}
