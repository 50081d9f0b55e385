import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from '../../collect/machine.ts';
import { RULES } from '../../doctor/catalogue.ts';
import { examine } from '../../doctor/examine.ts';
import type { Declarations } from '../../doctor/rule.ts';
import type { Budget } from '../../guard/budget.ts';
import { judgeBudget } from '../../guard/judge.ts';
import type { Phases } from '../../guard/target-value.ts';
import { limitShare } from '../../model/container/limits.ts';
import type { Diagnosis } from '../../model/finding/diagnosis.ts';
import type { BudgetResult } from '../../model/report/guard.ts';
import type { LabFirsts, LabMoment } from '../../model/report/lab-phase.ts';
import type { NetnsSample } from '../../model/sample/sample.ts';
import type { Series } from '../../model/sample/series.ts';
import { everySocket } from '../../model/socket/socket-query.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { GuardMeters } from '../../queries/budget-meters.ts';
import { Sampler } from '../../sources/live/sampler.ts';
import { allTo, type SourceDetails, type Tick, type TickRequest } from '../../sources/sample-source.ts';
import { SeriesBuilder } from '../../sources/series/series-builder.ts';
import { DRAIN_S } from './lab-budgets.ts';
import { INCIDENT, type LabRunning } from './lab-context.ts';

const INTERVAL_MS = 500;
const DATABASE_PORT = 3306;

/** Rules that name the first cause (pool), and those that name the second (limit of open files). */
const POOL_RULES = ['POOL_IDLE_CAP_ONLY', 'POOL_OVERRUN'];
const LIMIT_RULES = ['NOFILE_NEAR_LIMIT', 'LIMIT_MISMATCH'];

const TWO_CAUSES = RULES.filter(({ name }) => [...POOL_RULES, ...LIMIT_RULES].includes(name));

/** Pause between two examinations, as a multiple of the last one's duration. */
const EXAMINE_PAUSE_FACTOR = 20;

/** What the incident's operators knew: the intended size of the pool. */
export function declaredIn({ database, databaseAddress }: LabRunning): Declarations {
  const endpoint = { host: databaseAddress === '' ? database : databaseAddress, port: DATABASE_PORT };
  return { pools: [{ endpoint, cap: INCIDENT.maxIdle }], serverLimits: [], replicas: [] };
}

/** The result of watching one load. */
export interface LabObservation {
  diagnosis: Diagnosis;
  series: Series;
  budgets: BudgetResult[];
}

/** Watches a lab from outside, as any container, and examines it repeatedly. */
export class LabWatcher {
  readonly moments: LabMoment[] = [];
  readonly firsts: LabFirsts = {};
  readonly #running: LabRunning;
  readonly #sampler: Sampler;
  readonly #builder: SeriesBuilder;
  readonly #details: SourceDetails;
  readonly #stop = new AbortController();
  readonly #budgets: readonly Budget[];
  readonly #meters: GuardMeters;
  readonly #request: TickRequest;
  #closed = false;
  #fromMs = Date.now();
  #startedMs = Date.now();
  #examineDueMs = 0;
  #done: Promise<void> | undefined;

  private constructor(running: LabRunning, sampler: Sampler, details: SourceDetails, budgets: readonly Budget[]) {
    this.#running = running;
    this.#sampler = sampler;
    this.#details = details;
    this.#budgets = budgets;
    this.#meters = new GuardMeters(sampler, budgets);
    this.#builder = new SeriesBuilder(sampler.eventSource);
    this.#request = {
      isForeground: () => true,
      query: () => ({ ...everySocket(), tcpInfo: true }),
      processes: 'kinds',
      allCounters: true,
      events: allTo((namespace, event) => {
        this.#builder.event(namespace, event);
        this.#meters.event(namespace, event);
      }),
    };
  }

  /**
   * @param budgets to judge over the load
   * @throws {Failure} when the lab cannot be sampled
   */
  static async start(machine: Machine, running: LabRunning, budgets: readonly Budget[]): Promise<LabWatcher> {
    const target = [...running.receivers, running.database].join(',');
    const sampler = await Sampler.start(machine, target, {
      intervalMs: INTERVAL_MS,
      events: true,
      names: true,
      host: true,
    });
    return new LabWatcher(running, sampler, await sampler.details(), budgets);
  }

  /** Takes one sample for the baselines, then samples continuously. */
  async begin(): Promise<void> {
    await this.#sampleOnce();
    this.#fromMs = Date.now();
    this.#meters.begin();
    // The baseline sample must be before the load, not in the same millisecond.
    this.#startedMs = Date.now() + 1;
    this.#done = this.#watch();
  }

  /** Stops after the load and examines all samples. */
  async finish(): Promise<LabObservation> {
    const phases: Phases = {
      fromMs: this.#fromMs,
      startedMs: this.#startedMs,
      endedMs: Date.now(),
      intervalMs: INTERVAL_MS,
      interrupted: false,
    };
    this.#stop.abort();
    await this.#done;
    if (this.#budgets.length > 0) {
      // Connections close for a while after the clients have disconnected.
      await sleep(DRAIN_S * 1000);
      await this.#sampleOnce();
    }
    this.#close();
    const series = this.#series();
    const diagnosis = diagnose(series, this.#running);
    const { findings } = diagnosis;
    const budgets = this.#budgets.map((budget, index) =>
      judgeBudget(budget, { phases, points: this.#meters.points[index] ?? [], findings }),
    );
    return { diagnosis, series, budgets };
  }

  /** Stops without a result; safe to call twice. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    this.#close();
  }

  #close(): void {
    if (!this.#closed) this.#sampler.close();
    this.#closed = true;
  }

  async #sampleOnce(): Promise<void> {
    const tick = await this.#sampler.next(this.#request);
    if (tick === undefined) return;
    await this.#meters.add(tick);
    this.#add(tick);
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    for (
      let tick = await this.#sampler.next(this.#request, signal);
      tick !== undefined;
      tick = await this.#sampler.next(this.#request, signal)
    ) {
      await this.#meters.add(tick);
      this.#note(tick, this.#add(tick));
      this.#examine(tick.atMs - this.#startedMs);
    }
  }

  #add(tick: Tick): NetnsSample[] {
    const samples = this.#builder.add(tick);
    for (const { namespace } of tick.namespaces) {
      if (this.#builder.wantsSysctls(namespace)) this.#builder.setSysctls(namespace, this.#sampler.sysctls(namespace));
    }
    return samples;
  }

  #note({ atMs, namespaces }: Tick, samples: readonly NetnsSample[]): void {
    const counts = new Map<string, number>();
    let busiest: NetnsSample | undefined;
    samples.forEach((sample, index) => {
      const targets = namespaces[index]?.namespace.targets ?? [];
      const receiver = this.#running.receivers.find((target) => targets.includes(target));
      if (receiver === undefined) return;
      counts.set(receiver, established(sample));
      if (receiver === this.#running.receivers[0]) busiest = sample;
    });
    const process = [...(busiest?.processes ?? [])].sort((a, b) => b.used - a.used)[0];
    const ms = atMs - this.#startedMs;
    // At the limit, new clients are refused before any accepted request fails.
    if (process !== undefined && (limitShare(process.used, process.softLimit) ?? 0) >= 1) {
      this.firsts.descriptors ??= ms;
    }
    this.moments.push({
      ms,
      toDatabase: counts.get(this.#running.receivers[0] ?? '') ?? 0,
      toDatabaseAll: [...counts.values()].reduce((sum, count) => sum + count, 0),
      descriptors: process?.used ?? 0,
      limit: process?.softLimit ?? 0,
    });
  }

  /** Examines only the rules of the two causes, and rarely enough not to disturb the measurement. */
  #examine(ms: number): void {
    if (ms < this.#examineDueMs || (this.firsts.poolNamed !== undefined && this.firsts.limitNamed !== undefined))
      return;
    const begin = performance.now();
    const { findings } = diagnose(this.#series(), this.#running, TWO_CAUSES);
    this.#examineDueMs = ms + (performance.now() - begin) * EXAMINE_PAUSE_FACTOR;
    const named = (rules: readonly string[]) =>
      findings.find(({ rule, severity }) => severity !== 'info' && rules.includes(rule))?.rule;
    const pool = named(POOL_RULES);
    if (pool !== undefined) this.firsts.poolNamed ??= { ms, rule: pool };
    const limit = named(LIMIT_RULES);
    if (limit !== undefined) this.firsts.limitNamed ??= { ms, rule: limit };
  }

  /** The series with the lab's own names for addresses: its processes have no container names. */
  #series(): Series {
    const series = this.#builder.series(this.#details);
    const { names } = this.#running;
    if (names.size === 0) return series;
    return {
      ...series,
      names: { ...series.names, host: (address) => names.get(address) ?? series.names.host(address) },
    };
  }
}

function diagnose(series: Series, running: LabRunning, rules = RULES): Diagnosis {
  const declared = declaredIn(running);
  return examine(series, { rules, settings: {}, declared, clock: () => performance.now() });
}

function established({ sockets }: NetnsSample): number {
  let count = 0;
  sockets?.each(({ proto, state, peerPort }) => {
    if (proto === 'tcp' && state === TCP_STATE.ESTABLISHED && peerPort === DATABASE_PORT) count++;
  });
  return count;
}
