import { portRangeOf } from '../../doctor/clients/port-use.ts';
import type { ExamineOptions } from '../../doctor/examine.ts';
import { type Ceiling, ceilingOf } from '../../doctor/pools/ceilings.ts';
import type { RuleInput } from '../../doctor/rule.ts';
import type { Ignored } from '../../model/finding/ignored.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { PoolPeak } from '../../model/sample/sample.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import { plainAddress } from '../../model/socket/endpoint.ts';
import { examined } from '../../queries/diagnose.ts';
import { cpuMs } from '../../sources/live/cpu-budget.ts';
import type { SampleSource, Tick } from '../../sources/sample-source.ts';
import type { SocketsOfRow } from '../collector/collector.ts';
import type { LaneCount } from '../collector/lanes.ts';
import type { ContainerAnswer } from '../protocol/container.ts';
import type { ProblemAnswer, ProblemsAnswer } from '../protocol.ts';
import { LoginRefusals } from './login-refusals.ts';
import { ProblemRegister, type RegisterChange } from './problem-register.ts';
import { SlidingWindow, WINDOW_MS } from './window.ts';

/** Between two judgements, milliseconds; longer where they would take more than {@link SHARE}. */
const EVERY_MS = 10_000;

/** Of one core: what judging may take. */
const SHARE = 0.01;

/** Before the first judgement, milliseconds: a rule needs two snapshots at least. */
const FIRST_MS = 3_000;

/** Which rules judge, and who is told. */
export interface DoctorOptions extends Omit<ExamineOptions, 'clock' | 'severity' | 'others'> {
  /** The file that the rules and settings are from. */
  configFile: string;
  /** Called after each judgement. */
  onJudged(change: RegisterChange, answer: ProblemsAnswer): void;
}

/** Limits of a network namespace, see {@link ContainerAnswer}. */
export type NetnsLimits = Pick<ContainerAnswer, 'localPorts' | 'somaxconn'>;

/** The doctor that never stops: the rules of `socklens doctor` over the last minute, again and again. */
export class AlwaysOnDoctor {
  readonly register = new ProblemRegister();
  readonly #source: SampleSource;
  readonly #window: SlidingWindow;
  readonly #refusals = new LoginRefusals();
  #options: DoctorOptions;
  #spentMs = 0;
  /** {@link spentMs} after the last judgement. */
  #judgedSpentMs = 0;
  #dueMs: number | undefined;
  #everyMs = EVERY_MS;
  #rules: ProblemsAnswer['rules'] = [];
  #ignored: readonly Ignored[] = [];
  #judgedAtMs = 0;
  /** What was judged last; undefined before. */
  #input: RuleInput | undefined;

  constructor(source: SampleSource, options: DoctorOptions) {
    this.#source = source;
    this.#window = new SlidingWindow(source);
    this.#options = options;
  }

  /** CPU time that collecting samples for rules and judging has taken so far, milliseconds. */
  get spentMs(): number {
    return this.#spentMs;
  }

  /** Other rules and settings, from the next judgement on. */
  set options(options: Omit<DoctorOptions, 'onJudged'>) {
    this.#options = { ...options, onJudged: this.#options.onJudged };
  }

  /** What holds, and what it costs to know. */
  get answer(): ProblemsAnswer {
    return {
      atMs: this.#judgedAtMs,
      problems: this.register.problems,
      rules: this.#rules,
      windowMs: WINDOW_MS,
      everyMs: this.#everyMs,
      ignored: this.#ignored,
      configFile: this.#options.configFile,
    };
  }

  /**
   * What connections to an endpoint cannot exceed, by what was judged last. Computed when it is asked for: few pages are open.
   *
   * @param netns inode of the network namespace that they come from
   */
  ceilingOf(netns: number, address: string, port: number): Ceiling | undefined {
    const input = this.#input;
    const from = input?.series.namespaces.find(({ namespace }) => namespace.netns === netns);
    return input === undefined || from === undefined ? undefined : ceilingOf(input, from, plainAddress(address), port);
  }

  /** See `SlidingWindow.peaksOf`. */
  peaksOf(netns: number): readonly PoolPeak[] {
    return this.#window.peaksOf(netns);
  }

  /** Whether any database refused a connection in the last interval. */
  get hasRefused(): boolean {
    return !this.#refusals.isEmpty;
  }

  /** Connections of a row to an endpoint that a database refused in the last interval, a second. */
  refusedOf(whose: SocketsOfRow, { direction, proto, address, port }: LaneCount): number {
    if (!this.hasRefused || direction === 'in' || proto !== 'tcp' || address === undefined) return 0;
    return this.#refusals.of({ ...whose, address: plainAddress(address), port });
  }

  /** See `ProblemRegister.find`. */
  problem(id: string): ProblemAnswer | undefined {
    return this.register.find(id);
  }

  /** Limits that a network namespace sets; empty before the first judgement. */
  netnsLimitsOf(netns: number): NetnsLimits {
    const from = this.#input?.series.namespaces.find(({ namespace }) => namespace.netns === netns);
    if (from === undefined) return {};
    const somaxconn = Number(from.sysctls['net.core.somaxconn'] ?? Number.NaN);
    return {
      localPorts: portRangeOf(from.sysctls).size,
      ...(Number.isSafeInteger(somaxconn) && { somaxconn }),
    };
  }

  event(namespace: WatchedNetns, event: ConnectionEvent): void {
    this.#window.event(namespace, event);
  }

  /** Takes a tick, and judges where it is time. */
  async tick(_: unknown, __: unknown, tick: Tick): Promise<void> {
    const begin = cpuMs();
    const samples = this.#window.add(tick);
    this.#refusals.take(tick.atMs, tick.namespaces, samples, this.#input?.series);
    this.#dueMs ??= tick.atMs + FIRST_MS;
    // A clock that was set back must not silence the doctor.
    const isDue = tick.atMs >= this.#dueMs || this.#dueMs - tick.atMs > 2 * this.#everyMs;
    if (isDue) await this.#judge(tick.atMs);
    this.#spentMs += cpuMs() - begin;
    if (!isDue) return;
    // All that the doctor took since the last judgement, of which collecting samples is a part.
    this.#everyMs = Math.max(EVERY_MS, (this.#spentMs - this.#judgedSpentMs) / SHARE);
    this.#judgedSpentMs = this.#spentMs;
    this.#dueMs = tick.atMs + this.#everyMs;
  }

  async #judge(atMs: number): Promise<void> {
    const series = await this.#window.series();
    const { onJudged, configFile: _, ...options } = this.#options;
    const examination = examined(this.#source, series, { ...options, clock: () => performance.now() });
    const diagnosis = examination.diagnosis();
    this.#input = examination.input;
    this.#rules = diagnosis.rules.map(({ rule, tookMs, findings, judged }) => ({ rule, tookMs, findings, judged }));
    this.#ignored = diagnosis.ignored ?? [];
    this.#judgedAtMs = atMs;
    const change = this.register.take(diagnosis, atMs);
    onJudged(change, this.answer);
  }
}
