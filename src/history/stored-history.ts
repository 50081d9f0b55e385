import fs from 'node:fs';
import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { byName } from '../base/by-name.ts';
import { durationText } from '../base/duration.ts';
import { reasonOf } from '../base/errno.ts';
import { plural } from '../base/plural.ts';
import { ChunkTable } from './chunk-table.ts';
import { openDatabase } from './database.ts';
import { edgeValues, readEdges } from './edge-columns.ts';
import {
  type EdgeQuery,
  type EdgeTick,
  type EventQuery,
  type History,
  type HistoryColumns,
  type HistoryConnections,
  type HistoryContainer,
  type HistoryEdges,
  type HistoryEvent,
  type HistoryGap,
  type HistoryOptions,
  type HistoryProblem,
  type HistoryQuery,
  type HistoryState,
  type HistoryTick,
  MAX_SERIES,
  type ProblemQuery,
  type TimeRange,
} from './history.ts';
import { HistoryError } from './history-error.ts';
import { KnownContainers } from './known-containers.ts';
import { makeFolder } from './make-folder.ts';
import { Marks } from './marks.ts';
import { Names } from './names.ts';
import { OccurrenceTables } from './occurrence-tables.ts';
import { type Point, pointOf } from './points.ts';
import { Retention } from './retention.ts';
import { MAX_FILLED, StepClock } from './step-clock.ts';
import { edgeTiers, valueTiers } from './tier.ts';
import { TieredValues } from './tiered-values.ts';
import { Transactions } from './transactions.ts';

/** What is in the memory is written so often, milliseconds. */
const WRITE_MS = 10_000;

/** What is too old is deleted so often, milliseconds. */
const RETENTION_MS = 60_000;

/** Names that are no longer used are deleted so often, milliseconds. */
const NAMES_MS = 3_600_000;

const DAY_MS = 86_400_000;

/** Nothing is deleted for its age for so long after the time went forward by more than a day: the clock may be set again. */
const TRUST_CLOCK_MS = 3_600_000;

/** How far the wall clock and the one that is never set may differ between two ticks, milliseconds. */
const CLOCK_SET_MS = 2000;

/** Distance of two ticks, milliseconds. */
const STEP_MS = 1000;

const FILE = 'history.db';

const NOTHING = () => {};

/**
 * Opens the history in a folder, which is made where it is missing. One process has it at a time.
 *
 * @throws {HistoryError}
 */
export function openHistory(folder: string, options: HistoryOptions): History {
  try {
    makeFolder(folder);
  } catch (error) {
    throw new HistoryError('unusable', `${folder}: cannot make this folder: ${reasonOf(error)}`, { cause: error });
  }
  return new StoredHistory(path.join(folder, FILE), options);
}

class StoredHistory implements History {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #transactions: Transactions;
  readonly #names: Names;
  readonly #marks: Marks;
  readonly #containers: KnownContainers;
  readonly #occurrences: OccurrenceTables;
  readonly #table: ChunkTable;
  readonly #values: TieredValues;
  readonly #edges: TieredValues;
  readonly #retention: Retention;
  readonly #keepMs: number;
  readonly #valueClock: StepClock;
  readonly #edgeClock: StepClock;
  #lastTick: { atMs: number; monotonicMs: number } | undefined;
  /** Time of the last tick that was followed by writing, in tens of seconds. */
  #writtenTens: number | undefined;
  /** Times of the clock that is never set. */
  #retainedAtMs = Number.NEGATIVE_INFINITY;
  #namesDeletedAtMs = Number.NEGATIVE_INFINITY;
  #trustClockAtMs = Number.NEGATIVE_INFINITY;
  #isSmallEnough = true;
  /** Containers with more series than are kept, in the last tick. */
  #crowded: string[] = [];
  /** A pause of the ticks must not leave what was measured in the memory for long. */
  #timer: NodeJS.Timeout | undefined;

  constructor(file: string, { keepMs, maxBytes }: HistoryOptions) {
    this.#file = file;
    this.#keepMs = keepMs;
    this.#database = openDatabase(file);
    this.#transactions = new Transactions(this.#database);
    this.#names = new Names(this.#database);
    this.#marks = new Marks(this.#database);
    this.#containers = new KnownContainers(this.#database);
    this.#occurrences = new OccurrenceTables(this.#database);
    this.#table = new ChunkTable(this.#database);
    this.#values = new TieredValues(this.#table, valueTiers(keepMs), false);
    this.#edges = new TieredValues(this.#table, edgeTiers(keepMs), true);
    this.#valueClock = new StepClock(this.#values.tiers[0].stepMs);
    this.#edgeClock = new StepClock(this.#edges.tiers[0].stepMs);
    const tiers = [...this.#values.tiers, ...this.#edges.tiers];
    this.#retention = new Retention(this.#database, this.#table, tiers, maxBytes);
    const afterId = this.#marks.get('clock_set_after_chunk') ?? 0;
    this.#values.restore(afterId);
    this.#edges.restore(afterId);
  }

  append(tick: HistoryTick): void {
    const { atMs, monotonicMs } = tick;
    this.#noteTime(atMs, monotonicMs);
    this.#lastTick = { atMs, monotonicMs };
    const { first, last } = this.#valueClock.next(atMs);
    const values = this.#valuesOf(tick);
    for (let step = first; step <= last; step++) this.#values.append(step, values);
    this.#writtenTens ??= Math.floor(last / 10);
    const tens = Math.floor((last + 1) / 10);
    if (tens !== this.#writtenTens) {
      this.#writtenTens = tens;
      this.#write(false);
      this.#retain(monotonicMs);
    }
    this.#timer ??= setTimeout(() => this.#write(false), WRITE_MS).unref();
  }

  appendEdges({ atMs, edges }: EdgeTick): void {
    const { first, last } = this.#edgeClock.next(atMs);
    const values = edgeValues(edges, this.#names, atMs);
    for (let step = first; step <= last; step++) this.#edges.append(step, values);
  }

  appendEvents(events: readonly HistoryEvent[]): void {
    this.#occurrences.addEvents(events);
  }

  appendConnections(part: HistoryConnections): void {
    this.#occurrences.addConnections(part);
  }

  saveProblem(problem: HistoryProblem): void {
    this.#occurrences.saveProblem(problem);
  }

  appendGap(gap: HistoryGap): void {
    this.#occurrences.addGap(gap);
  }

  read({ fromMs, toMs, points, containers, series }: HistoryQuery): HistoryColumns {
    this.#writeOccurrences();
    const subjects = containers?.flatMap((name) => this.#names.idOf(name) ?? []);
    const read = this.#values.read({ fromMs, toMs, points, subjects, series: this.#names.matching(series) });
    const named = read.columns.flatMap(({ subject, series: id, mean, min, max }) => {
      const [container, name] = [this.#names.textOf(subject), this.#names.textOf(id)];
      return container === undefined || name === undefined ? [] : [{ container, name, mean, min, max }];
    });
    named.sort((a, b) => byName(a.container, b.container) || byName(a.name, b.name));
    const gaps = this.#occurrences
      .gaps({ fromMs, toMs })
      .filter(({ container }) => container === undefined || (containers?.includes(container) ?? true));
    return { fromMs: read.fromMs, stepMs: read.stepMs, points: read.points, series: named, gaps };
  }

  edges(query: EdgeQuery): HistoryEdges {
    this.#writeOccurrences();
    const gaps = this.#occurrences.gaps(query).filter(({ container }) => container === undefined);
    return { ...readEdges(this.#edges, this.#names, query), gaps };
  }

  events(query: EventQuery): HistoryEvent[] {
    this.#writeOccurrences();
    return this.#occurrences.events(query);
  }

  connections(query: TimeRange & { limit: number }): HistoryConnections[] {
    this.#writeOccurrences();
    return this.#occurrences.connections(query);
  }

  problems(query: ProblemQuery): HistoryProblem[] {
    this.#writeOccurrences();
    return this.#occurrences.problems(query);
  }

  problem(id: string): HistoryProblem | undefined {
    this.#writeOccurrences();
    return this.#occurrences.problem(id);
  }

  containers({ fromMs, toMs }: TimeRange): HistoryContainer[] {
    const found: HistoryContainer[] = [];
    for (const subject of this.#values.subjectsBetween(fromMs, toMs)) {
      const [name, known] = [this.#names.textOf(subject), this.#containers.get(subject)];
      if (name !== undefined && known !== undefined) {
        found.push({ name, id: known.identity, facts: known.facts, lastMs: known.lastMs });
      }
    }
    return found.sort((a, b) => byName(a.name, b.name));
  }

  state(): HistoryState {
    return { bytes: this.#bytes(), oldestMs: this.#retention.oldestMs(), notKept: this.#notKept() };
  }

  close(): void {
    this.#write(true);
    clearTimeout(this.#timer);
    this.#database.close();
  }

  /** Notes a pause, and a clock that was set: the open chunks end with it. */
  #noteTime(atMs: number, monotonicMs: number): void {
    const last = this.#lastTick;
    const beforeMs = last?.atMs ?? this.#marks.get('last_ms');
    if (beforeMs === undefined) return;
    const elapsedMs = atMs - beforeMs;
    // Before the first tick nothing tells how long it really was.
    const setByMs = last === undefined ? Math.min(0, elapsedMs) : elapsedMs - (monotonicMs - last.monotonicMs);
    const isSet = Math.abs(setByMs) > CLOCK_SET_MS;
    if (isSet) this.#finishChunks();
    if (isSet && setByMs < 0) {
      const text = `The clock was set back by ${durationText(-setByMs)}: what is shown of that time was measured twice`;
      this.appendEvents([{ atMs, kind: 'clock', container: undefined, text, details: undefined }]);
    }
    if (elapsedMs > (MAX_FILLED + 0.5) * STEP_MS) {
      const forward = `the clock was set forward by ${durationText(setByMs)}, or the machine was asleep`;
      const reason =
        last === undefined
          ? 'socklens serve was not running'
          : isSet
            ? forward
            : 'nothing was measured: socklens serve was stopped or too slow';
      const [fromMs, toMs] = [(Math.floor(beforeMs / STEP_MS) + 1) * STEP_MS, Math.floor(atMs / STEP_MS) * STEP_MS];
      this.appendGap({ fromMs, toMs, container: undefined, reason });
    }
    if (elapsedMs > DAY_MS) this.#trustClockAtMs = monotonicMs + TRUST_CLOCK_MS;
  }

  /** After it a tick may have any time. */
  #finishChunks(): void {
    this.#values.finish();
    this.#edges.finish();
    this.#valueClock.reset();
    this.#edgeClock.reset();
    this.#transaction(() => {
      const done = this.#writeChunks(true);
      this.#marks.set('clock_set_after_chunk', this.#table.lastId());
      return done;
    });
  }

  #valuesOf({ atMs, containers }: HistoryTick): Map<number, Map<number, Point>> {
    const values = new Map<number, Map<number, Point>>();
    this.#crowded = [];
    for (const container of containers) {
      const subject = this.#names.use(container.name, atMs);
      if (subject === undefined) continue;
      if (this.#containers.measured(subject, container, atMs)) this.#noteRestart(container.name, atMs);
      const points = new Map<number, Point>();
      for (const [name, value] of container.values) {
        if (points.size >= MAX_SERIES) {
          this.#crowded.push(container.name);
          break;
        }
        const series = Number.isFinite(value) ? this.#names.use(name, atMs) : undefined;
        if (series !== undefined) points.set(series, pointOf(value, container.highs?.get(name)));
      }
      values.set(subject, points);
    }
    return values;
  }

  #noteRestart(container: string, atMs: number): void {
    this.appendEvents([
      { atMs, kind: 'restarted', container, text: `${container} was started again`, details: undefined },
    ]);
  }

  /** @returns what to do once it is committed */
  #writeChunks(isLast: boolean): () => void {
    const lastMs = this.#lastTick?.atMs;
    const done = [this.#values.write(isLast), this.#edges.write(isLast)];
    done.push(this.#names.write(), this.#occurrences.write());
    if (lastMs !== undefined) {
      done.push(this.#containers.write(lastMs, isLast));
      this.#marks.set('last_ms', lastMs);
    }
    return () => {
      for (const one of done) one();
    };
  }

  #write(isLast: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const reason = this.#transactions.failure?.reason;
    if (!this.#transaction(() => this.#writeChunks(isLast))) return;
    this.#transactions.succeeded();
    if (reason === undefined) return;
    const lost = this.#values.takeLost();
    if (lost !== undefined) this.appendGap({ ...lost, container: undefined, reason: `not kept: ${reason}` });
    this.#edges.takeLost();
  }

  #writeOccurrences(): void {
    if (this.#occurrences.hasWaiting) this.#transaction(() => this.#occurrences.write());
  }

  /** Deletes what is too old or too much, now and then. */
  #retain(monotonicMs: number): void {
    const nowMs = this.#lastTick?.atMs;
    if (nowMs === undefined || monotonicMs - this.#retainedAtMs < RETENTION_MS) return;
    this.#retainedAtMs = monotonicMs;
    this.#transaction(() => {
      if (monotonicMs >= this.#trustClockAtMs) this.#deleteOld(nowMs, monotonicMs);
      this.#isSmallEnough = this.#retention.deleteForSize();
      this.#retention.shrink();
      return NOTHING;
    });
  }

  #deleteOld(nowMs: number, monotonicMs: number): void {
    this.#retention.deleteOld(nowMs);
    if (monotonicMs - this.#namesDeletedAtMs < NAMES_MS) return;
    this.#namesDeletedAtMs = monotonicMs;
    this.#occurrences.deleteBefore(nowMs - this.#keepMs);
    // Chunks are deleted some time after their end.
    this.#containers.deleteUnused(nowMs - this.#keepMs - 2 * DAY_MS);
    this.#names.deleteUnused(nowMs - this.#keepMs - 3 * DAY_MS);
  }

  #transaction(write: () => () => void): boolean {
    return this.#transactions.run(this.#lastTick?.atMs ?? Date.now(), write);
  }

  #bytes(): number {
    return [this.#file, `${this.#file}-wal`].reduce((sum, file) => {
      return sum + (fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0);
    }, 0);
  }

  #notKept(): string[] {
    const notKept: string[] = [];
    const { failure } = this.#transactions;
    if (failure !== undefined) {
      const since = new Date(failure.sinceMs).toISOString().slice(0, 19);
      notKept.push(`nothing is written since ${since}Z: ${failure.reason}; the last minutes are in the memory`);
    }
    if (!this.#isSmallEnough) notKept.push('the files are larger than --history-size: older values are being deleted');
    for (const name of this.#crowded) notKept.push(`${name}: values of more than ${MAX_SERIES} series`);
    if (this.#names.isFull) notKept.push('values of new containers and series: the history has too many names');
    const givenUp = this.#occurrences.givenUp;
    if (givenUp > 0)
      notKept.push(`${plural(givenUp, 'event or problem', 'events and problems')}: they could not be written`);
    const damaged = this.#values.damaged + this.#edges.damaged;
    if (damaged > 0) notKept.push(`${plural(damaged, 'damaged part')} of the file ${this.#file}`);
    return notKept;
  }
}
