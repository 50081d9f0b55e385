import type { RunningCommand } from '../../act/run-command.ts';
import type { Budget } from '../../analyze/guard/budget.ts';
import { judgeBudget } from '../../analyze/guard/judge.ts';
import type { GoneTarget } from '../../analyze/guard/target-gone.ts';
import type { Phases } from '../../analyze/guard/target-value.ts';
import { SeriesBuilder } from '../../collect/sampling/series-builder.ts';
import type { SampleSource, Tick, TickWish } from '../../collect/sampling/source.ts';
import { Failure } from '../../model/failure.ts';
import type { BudgetResult } from '../../model/guard.ts';
import type { Series } from '../../model/series.ts';
import { everySocket } from '../../model/socket-query.ts';
import { GuardMeters } from './guard-meters.ts';

/** Sockets that are kept for the doctor's rules over the whole run: some hundred megabytes. */
const MOST_RECORDS = 300_000;

/** While the command runs everything is looked at so often; what budgets ask for at every tick. */
const WHOLE_EVERY_MS = 5000;

/** What is to be shown while it runs. */
export interface LiveState {
  seconds: number;
  budgets: readonly BudgetResult[];
  /** What is being waited for; absent while the command runs. */
  doing?: string;
}

/** Watches targets before, during and after a command. */
export class GuardRun {
  readonly meters: GuardMeters;
  fromMs = 0;
  toMs = 0;
  readonly #source: SampleSource;
  readonly #budgets: readonly Budget[];
  readonly #builder = new SeriesBuilder(MOST_RECORDS);
  readonly #closed: TickWish['closed'];
  /** When the next look at everything is due. */
  #wholeDueMs = 0;
  readonly #seen = new Map<number, { name: string; lastMs: number }>();
  readonly #gone = new Map<string, GoneTarget>();

  constructor(source: SampleSource, budgets: readonly Budget[]) {
    this.#source = source;
    this.#budgets = budgets;
    this.meters = new GuardMeters(source, budgets);
    this.#closed = (space, closed) => {
      this.#builder.closed(space, closed);
      this.meters.closed(space, closed);
    };
  }

  /** The look that baselines come from. @throws {Failure} `no-target` when there is nothing to look at */
  async lookBefore(target: string, stop: AbortSignal | undefined): Promise<void> {
    const tick = await this.#source.next(this.#wish(true), stop);
    if (tick === undefined) return;
    if (tick.spaces.length === 0) {
      const problem = target === 'all' ? 'no container is running' : `${target}: it was not there to be looked at`;
      throw new Failure('no-target', `guard: ${problem}`);
    }
    this.fromMs = tick.atMs;
    await this.#add(tick);
  }

  /** Looks until the command ends. @param onTick called after each look, with the names of targets that it missed */
  async during(command: RunningCommand, onTick: (gone: readonly string[]) => void): Promise<void> {
    this.meters.begin();
    for (;;) {
      const tick = await this.#source.next(this.#wish(Date.now() >= this.#wholeDueMs), command.ended);
      if (tick === undefined) return;
      await this.#add(tick);
      // One that died while the command was still running, not one that was ended with it.
      onTick(command.ended.aborted ? [] : this.#missGone(tick));
    }
  }

  /** Looks once more, and as long as a drain budget asks. */
  async after(endedMs: number, stop: AbortSignal | undefined): Promise<void> {
    const waits = this.#budgets.map(({ subject }) => (subject.kind === 'drain' ? subject.withinMs : 0));
    const untilMs = endedMs + Math.max(0, ...waits);
    for (;;) {
      const tick = await this.#source.next(this.#wish(true), stop);
      if (tick === undefined) return;
      await this.#add(tick);
      if (tick.atMs >= untilMs) return;
    }
  }

  /** Targets that ended while the command ran. */
  gone(): GoneTarget[] {
    return [...this.#gone.values()];
  }

  /** What was seen, for the rules. */
  async series(): Promise<Series> {
    return this.#builder.series(await this.#source.details());
  }

  /** How the budgets stand. */
  live(startedMs: number, doing?: string): LiveState {
    const phases: Phases = {
      ...{ fromMs: this.fromMs, startedMs, endedMs: this.toMs, interrupted: false },
      intervalMs: this.#source.intervalMs,
    };
    const budgets = this.#budgets.map((budget, index) =>
      judgeBudget(budget, { phases, points: this.meters.points[index] ?? [], findings: [] }),
    );
    return { seconds: (Date.now() - startedMs) / 1000, budgets, ...(doing !== undefined && { doing }) };
  }

  /**
   * What the next look is to bring. No budget counts MPTCP sockets, which are TCP's too, or asks of which kind a
   * descriptor is: these are for the rules, and each is a walk through a table of the whole host, or through all
   * that a process has open, on cores that the service under test needs.
   */
  #wish(whole: boolean): TickWish {
    if (whole) this.#wholeDueMs = Date.now() + WHOLE_EVERY_MS;
    const { protos, ...query } = everySocket();
    const wanted = whole ? protos : protos.filter((proto) => proto !== 'mptcp');
    return {
      looksAt: () => true,
      query: () => ({ ...query, protos: wanted, tcpInfo: true }),
      ...{ processes: whole ? 'kinds' : 'count', allCounters: true },
      closed: this.#closed,
    };
  }

  async #add(tick: Tick): Promise<void> {
    this.toMs = tick.atMs;
    await this.meters.add(tick);
    this.#builder.add(tick);
    for (const { space } of tick.spaces) {
      if (this.#builder.wantsSysctls(space)) this.#builder.setSysctls(space, this.#source.sysctls(space));
      this.#seen.set(space.netns, { name: space.name, lastMs: tick.atMs });
      const gone = this.#gone.get(space.name);
      if (gone !== undefined) gone.cameAgain = true;
    }
  }

  #missGone({ spaces }: Tick): string[] {
    const missed: string[] = [];
    const present = new Set(spaces.map(({ space }) => space.netns));
    for (const [netns, { name, lastMs }] of this.#seen) {
      if (present.has(netns)) continue;
      this.#seen.delete(netns);
      const cameAgain = spaces.some(({ space }) => space.name === name);
      this.#gone.set(name, { name, lastSeenMs: lastMs, cameAgain });
      missed.push(name);
    }
    return missed;
  }
}
