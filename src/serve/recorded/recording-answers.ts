import type { StopSignal } from '../../base/stop-signal.ts';
import { parseFilter } from '../../filter/parse.ts';
import { MemoryHistory } from '../../history/memory-history.ts';
import { Failure } from '../../model/failure.ts';
import { listedSockets } from '../../model/socket/socket-query.ts';
import { listSockets, rowsOf } from '../../queries/list-sockets.ts';
import { overview } from '../../queries/overview.ts';
import { RecordedSnapshot } from '../../sources/recorded/recorded-snapshot.ts';
import { RecordedSource } from '../../sources/recorded/recorded-source.ts';
import type { RecordingInput } from '../../sources/recorded/recording-input.ts';
import { ScopedSource } from '../../sources/scope/scoped-source.ts';
import { COLLECTOR_ALONE, Collector, type TickConsumer } from '../collector/collector.ts';
import { ContainerChanges } from '../collector/container-changes.ts';
import { withProblems } from '../collector/row-builder.ts';
import { problemNumbers } from '../doctor/served-problem.ts';
import { EdgeTracker } from '../edges/edge-tracker.ts';
import { type EdgesQuestion, edgesAnswer } from '../edges/edges-answer.ts';
import { ConnectionEvents } from '../events/connection-events.ts';
import { type HistoryQuestion, historyAnswer } from '../kept/history-answer.ts';
import { HistoryFeed } from '../kept/history-feed.ts';
import type { ConnectionsAnswer } from '../protocol/connections.ts';
import type { ContainerAnswer } from '../protocol/container.ts';
import type { EdgesAnswer, HistoryAnswer } from '../protocol/history.ts';
import type { OverviewAnswer, ProblemsAnswer } from '../protocol.ts';

/** Sockets that are listed at most. */
const MOST_SOCKETS = 5000;

/** What a recording says of itself. */
export interface RecordingFacts {
  name: string;
  /** Times of its first and last tick, milliseconds since the epoch; of the last one that was read, while it is read. */
  fromMs: number;
  toMs: number;
  intervalMs: number;
  /** Whether all of it was read. */
  isRead: boolean;
  /** Why it ends early, as a sentence; undefined where it does not. */
  cut: string | undefined;
}

/** What `serve` answers, about a recording: by the same code, with its ticks in place of those of this machine. */
export class RecordingAnswers {
  /** Ends when all of it was read. @throws {Failure} */
  readonly reading: Promise<void>;
  readonly #input: RecordingInput;
  readonly #intervalMs: number;
  readonly #collector: Collector;
  readonly #history = new MemoryHistory();
  readonly #events: ConnectionEvents;
  #fromMs: number | undefined;
  #isRead = false;
  #judged: Pick<ProblemsAnswer, 'problems' | 'rules'> = { problems: [], rules: [] };
  /** The moment that was asked for last, beside the end. */
  #moment: Moment | undefined;

  private constructor(input: RecordingInput, source: ScopedSource, onTick: () => void, stop: StopSignal) {
    this.#input = input;
    this.#intervalMs = source.intervalMs;
    const feed = new HistoryFeed(this.#history, {
      lanesOf: (name) => this.#collector.lanesOf(name),
      externalAddresses: 'keep',
    });
    const changes = new ContainerChanges();
    const edges = new EdgeTracker((name) => this.#collector.lanesOf(name));
    const keeper: TickConsumer = {
      event: (namespace, event) => {
        edges.event(namespace, event);
        feed.event(namespace, event);
      },
      tick: (tick, rows) => {
        this.#fromMs ??= tick.atMs;
        feed.changed(changes.take(rows, tick.atMs));
        feed.tick(tick, rows);
        const found = edges.tick(tick, rows);
        if (found !== undefined) feed.edges(found);
        onTick();
      },
    };
    this.#events = new ConnectionEvents(source, this.#history);
    this.#collector = collectorOf(source, [keeper, this.#events]);
    this.reading = this.#read(source, stop);
  }

  /**
   * Begins to read a recording, up to where it can be read.
   *
   * @param onTick called after each tick
   * @throws {Failure} `usage` for what is no recording
   */
  static async open(input: RecordingInput, onTick: () => void, stop: StopSignal): Promise<RecordingAnswers> {
    return new RecordingAnswers(input, await openSource(input), onTick, stop);
  }

  /** Undefined before its first tick. */
  get facts(): RecordingFacts | undefined {
    const { latest } = this.#collector;
    if (this.#fromMs === undefined || latest === undefined) return undefined;
    return {
      name: this.#input.name,
      fromMs: this.#fromMs,
      toMs: latest.atMs,
      intervalMs: this.#intervalMs,
      isRead: this.#isRead,
      cut: latest.notes.find((note) => note.startsWith('the recording is ')),
    };
  }

  /** The rows at a moment, or at the end. */
  async overview(atMs?: number): Promise<OverviewAnswer> {
    const moment = await this.#at(atMs);
    const numbers = problemNumbers(this.#judged.problems);
    const { rows, ...rest } = moment.latest;
    return { ...rest, rows: withProblems(rows, (name) => numbers.get(name) ?? {}) };
  }

  /** What the end of the recording has of a row; undefined where there is no such row. */
  row(name: string): ContainerAnswer | undefined {
    return this.#collector.containerAnswer(name);
  }

  /**
   * A row at a moment, or at the end, with its sockets.
   *
   * @throws {Failure} `no-target` where there is no such row then; as `listSockets`
   */
  async container(name: string, filter: string, atMs?: number): Promise<ContainerAnswer> {
    const { collector, latest } = await this.#at(atMs);
    const answer = collector.containerAnswer(name);
    if (answer === undefined) throw new Failure('no-target', `${name}: not in the recording at that time`);
    const { id, runtime } = answer.row;
    // The row of what belongs to nobody is no TARGET.
    if (runtime === '-') return answer;
    const target = runtime === 'host' || runtime === 'netns' ? answer.row.name : id;
    const snapshot = await RecordedSnapshot.open(this.#input, latest.atMs, target, false);
    try {
      const [netns] = snapshot.namespaces;
      if (netns === undefined) return answer;
      const query = { ...listedSockets(), tcpInfo: true };
      const sockets = rowsOf(
        await listSockets(netns, { query, processes: true, names: true, filter: parseFilter(filter) }),
      );
      return {
        ...answer,
        sockets: sockets.slice(0, MOST_SOCKETS),
        matching: sockets.length,
        maxSockets: MOST_SOCKETS,
      };
    } finally {
      snapshot.close();
    }
  }

  /** How many sockets of each row match a filter. @throws {Failure} for a filter that cannot be decided */
  async ps(
    filter: string,
    atMs?: number,
  ): Promise<{ containers: { name: string; sockets: { total: number } | null }[] }> {
    const { latest } = await this.#at(atMs);
    const snapshot = await RecordedSnapshot.open(this.#input, latest.atMs, undefined, false);
    try {
      const { rows } = await overview(snapshot, { names: true, filter: parseFilter(filter), isNamed: false });
      return { containers: rows.map(({ name, sockets }) => ({ name, sockets })) };
    } finally {
      snapshot.close();
    }
  }

  history(question: HistoryQuestion): Promise<HistoryAnswer> {
    return historyAnswer(this.#history, this.#history, question);
  }

  /** Who talked to whom, by what the recording has of connections; ports have no service names. */
  edges(question: EdgesQuestion): EdgesAnswer {
    return edgesAnswer(this.#history, question, () => undefined);
  }

  /** What the recording has of the events of connections. @throws {Failure} `usage` for a filter that cannot be used */
  connections(filter: string, fromMs: number, toMs: number): Promise<ConnectionsAnswer> {
    return this.#events.stored(filter, fromMs, toMs);
  }

  /** What the doctor says of the recording; nothing before {@link judge}. */
  problems(): ProblemsAnswer {
    const { fromMs = 0, toMs = 0 } = this.facts ?? {};
    return {
      atMs: toMs,
      ...this.#judged,
      windowMs: toMs - fromMs,
      everyMs: 0,
      ignored: [],
      configFile: '/etc/socklens/socklens.toml',
    };
  }

  /** Has the rules judge the whole recording, as `socklens doctor --from` does. */
  async judge(stop: StopSignal): Promise<void> {
    const { fromMs = 0, toMs = 0 } = this.facts ?? {};
    // Rules and their texts are more than all the rest: they are loaded once there is something to look at.
    const { judgeRecording } = await import('./judge-recording.ts');
    const source = await openSource(this.#input);
    try {
      this.#judged = await judgeRecording(source, { fromMs, toMs }, stop, this.#history.raise.bind(this.#history));
    } finally {
      source.close();
    }
  }

  async #read(source: ScopedSource, stop: StopSignal): Promise<void> {
    try {
      await this.#collector.run(stop);
      if (this.#fromMs === undefined && !stop.aborted)
        throw new Failure('usage', `${this.#input.name}: nothing is recorded in it`);
      this.#isRead = true;
    } finally {
      source.close();
    }
  }

  /** @throws {Failure} `no-target` before the first tick */
  async #at(atMs: number | undefined): Promise<Moment> {
    const { latest } = this.#collector;
    if (latest === undefined) throw new Failure('no-target', `${this.#input.name}: nothing is read of it yet`);
    if (atMs === undefined || atMs >= latest.atMs) return { untilMs: latest.atMs, collector: this.#collector, latest };
    const untilMs = Math.max(atMs, this.#fromMs ?? 0);
    if (this.#moment?.untilMs !== untilMs) this.#moment = await readMoment(this.#input, untilMs);
    return this.#moment;
  }
}

/** The rows of one tick. */
interface Moment {
  untilMs: number;
  collector: Collector;
  latest: OverviewAnswer;
}

async function openSource(input: RecordingInput, untilMs?: number): Promise<ScopedSource> {
  const all = { targets: undefined, speed: undefined, sinceMs: undefined };
  const options = { ...all, untilMs, names: true, namesByContainer: true };
  return new ScopedSource(await RecordedSource.open(input, options));
}

function collectorOf(source: ScopedSource, consumers: readonly TickConsumer[]): Collector {
  return new Collector(source, consumers, {
    host: { name: '', kernel: '' },
    version: '',
    ...COLLECTOR_ALONE,
  });
}

async function readMoment(input: RecordingInput, untilMs: number): Promise<Moment> {
  const source = await openSource(input, untilMs);
  try {
    const collector = collectorOf(source, []);
    await collector.run(NEVER);
    const { latest } = collector;
    if (latest === undefined) throw new Failure('usage', `${input.name}: nothing is recorded up to that time`);
    return { untilMs, collector, latest };
  } finally {
    source.close();
  }
}

const NEVER = new AbortController().signal;
