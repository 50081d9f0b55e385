import type { RunningCommand } from '../../act/run-command.ts';
import type { Budget } from '../../guard/budget.ts';
import { judgeBudget } from '../../guard/judge.ts';
import type { GoneTarget } from '../../guard/target-gone.ts';
import type { Phases } from '../../guard/target-value.ts';
import { Failure } from '../../model/failure.ts';
import type { BudgetResult } from '../../model/report/guard.ts';
import type { Series } from '../../model/sample/series.ts';
import { everySocket } from '../../model/socket/socket-query.ts';
import { GuardMeters } from '../../queries/budget-meters.ts';
import { allTo, type SampleSource, type Tick, type TickRequest } from '../../sources/sample-source.ts';
import { SeriesBuilder } from '../../sources/series/series-builder.ts';

/** Maximum number of sockets in memory for the doctor's rules over the whole run: some hundred megabytes. */
const MAX_RECORDS = 300_000;

/** Interval of full samples while the command runs; other ticks read only what budgets need. */
const FULL_INTERVAL_MS = 5000;

/** The state of a run, for the status line. */
export interface LiveState {
  seconds: number;
  budgets: readonly BudgetResult[];
  /** What the guard waits for; absent while the command runs. */
  doing?: string;
}

/** Samples targets before, during and after a command. */
export class GuardRun {
  readonly meters: GuardMeters;
  /** Time of the first sample, in milliseconds since the epoch. */
  fromMs = 0;
  /** Time of the last sample, in milliseconds since the epoch. */
  toMs = 0;
  readonly #source: SampleSource;
  readonly #budgets: readonly Budget[];
  readonly #builder: SeriesBuilder;
  readonly #events: TickRequest['events'];
  /** When the next full sample is due, in milliseconds since the epoch. */
  #fullDueMs = 0;
  readonly #seen = new Map<number, { name: string; lastMs: number }>();
  readonly #stopped = new Map<string, GoneTarget>();

  constructor(source: SampleSource, budgets: readonly Budget[]) {
    this.#source = source;
    this.#budgets = budgets;
    this.meters = new GuardMeters(source, budgets);
    this.#builder = new SeriesBuilder(source.eventSource, MAX_RECORDS);
    this.#events = allTo((namespace, event) => {
      this.#builder.event(namespace, event);
      this.meters.event(namespace, event);
    });
  }

  /** Takes the sample for the baselines. @throws {Failure} `no-target` when no target is running */
  async sampleBefore(target: string, stop: AbortSignal | undefined): Promise<void> {
    const tick = await this.#source.next(this.#request(true), stop);
    if (tick === undefined) return;
    if (tick.namespaces.length === 0) {
      const problem = target === 'all' ? 'no container is running' : `${target}: not found`;
      throw new Failure('no-target', `guard: ${problem}`);
    }
    this.fromMs = tick.atMs;
    await this.#add(tick);
  }

  /** Samples until the command ends. @param onTick called after each sample, with the targets that have stopped since the last */
  async during(command: RunningCommand, onTick: (stopped: readonly string[]) => void): Promise<void> {
    this.meters.begin();
    for (;;) {
      const tick = await this.#source.next(this.#request(Date.now() >= this.#fullDueMs), command.ended);
      if (tick === undefined) return;
      await this.#add(tick);
      // Targets that stopped while the command was running, not those that stopped with it.
      onTick(command.ended.aborted ? [] : this.#stoppedSince(tick));
    }
  }

  /**
   * Takes one more sample, and further ones as long as a drain budget needs.
   *
   * @param onWait called before each of them, with the milliseconds that are left
   */
  async after(endedMs: number, stop: AbortSignal | undefined, onWait: (leftMs: number) => void): Promise<void> {
    const waits = this.#budgets.map(({ subject }) => (subject.kind === 'drain' ? subject.withinMs : 0));
    const untilMs = endedMs + Math.max(0, ...waits);
    for (;;) {
      onWait(untilMs - Date.now());
      const tick = await this.#source.next(this.#request(true), stop);
      if (tick === undefined) return;
      await this.#add(tick);
      if (tick.atMs >= untilMs) return;
    }
  }

  /** Targets that stopped while the command ran. */
  stoppedTargets(): GoneTarget[] {
    return [...this.#stopped.values()];
  }

  /** All samples, for the rules. */
  async series(): Promise<Series> {
    return this.#builder.series(await this.#source.details());
  }

  /** The current state of the budgets. */
  live(startedMs: number, doing?: string): LiveState {
    const phases: Phases = {
      fromMs: this.fromMs,
      startedMs,
      endedMs: this.toMs,
      interrupted: false,
      intervalMs: this.#source.intervalMs,
    };
    const budgets = this.#budgets.map((budget, index) =>
      judgeBudget(budget, { phases, points: this.meters.points[index] ?? [], findings: [] }),
    );
    return { seconds: (Date.now() - startedMs) / 1000, budgets, ...(doing !== undefined && { doing }) };
  }

  /**
   * What the next sample reads. Only the rules need MPTCP sockets (budgets count their TCP subflows) and the kinds
   * of descriptors. Both are expensive: a walk through a table of the whole host or through all descriptors of a
   * process, on cores that the service under test needs; so they are read only in full samples.
   */
  #request(isFull: boolean): TickRequest {
    if (isFull) this.#fullDueMs = Date.now() + FULL_INTERVAL_MS;
    const { protos, ...query } = everySocket();
    const wanted = isFull ? protos : protos.filter((proto) => proto !== 'mptcp');
    return {
      isForeground: () => true,
      query: () => ({ ...query, protos: wanted, tcpInfo: true }),
      processes: isFull ? 'kinds' : 'count',
      allCounters: true,
      events: this.#events,
      halfClosed: (namespace, socket, atMs) => this.meters.halfClosed(namespace, socket, atMs),
    };
  }

  async #add(tick: Tick): Promise<void> {
    this.toMs = tick.atMs;
    await this.meters.add(tick);
    this.#builder.add(tick);
    for (const { namespace } of tick.namespaces) {
      if (this.#builder.wantsSysctls(namespace)) this.#builder.setSysctls(namespace, this.#source.sysctls(namespace));
      this.#seen.set(namespace.netns, { name: namespace.name, lastMs: tick.atMs });
      const stopped = this.#stopped.get(namespace.name);
      if (stopped !== undefined) stopped.startedAgain = true;
    }
  }

  #stoppedSince({ namespaces }: Tick): string[] {
    const names: string[] = [];
    const present = new Set(namespaces.map(({ namespace }) => namespace.netns));
    for (const [netns, { name, lastMs }] of this.#seen) {
      if (present.has(netns)) continue;
      this.#seen.delete(netns);
      const startedAgain = namespaces.some(({ namespace }) => namespace.name === name);
      this.#stopped.set(name, { name, lastSeenMs: lastMs, startedAgain });
      names.push(name);
    }
    return names;
  }
}
