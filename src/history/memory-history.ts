import { byName } from '../base/by-name.ts';
import { edgeValues, readEdges } from './edge-columns.ts';
import type {
  ContainerTick,
  EdgeQuery,
  EdgeTick,
  EventQuery,
  History,
  HistoryColumns,
  HistoryConnections,
  HistoryContainer,
  HistoryEdges,
  HistoryEvent,
  HistoryGap,
  HistoryProblem,
  HistoryQuery,
  HistoryState,
  HistoryTick,
  ProblemQuery,
  TimeRange,
} from './history.ts';
import { MemoryColumns } from './memory-columns.ts';
import { type Point, pointOf } from './points.ts';
import { MAX_FILLED } from './step-clock.ts';
import { edgeTiers, valueTiers } from './tier.ts';

/** A history of a time that is over, such as that of a recording, in the memory. */
export class MemoryHistory implements History {
  readonly #names = new MemoryNames();
  readonly #values: MemoryColumns;
  readonly #edges: MemoryColumns;
  readonly #stepMs: number;
  readonly #containers = new Map<string, HistoryContainer>();
  readonly #problems = new Map<string, HistoryProblem>();
  readonly #gaps: HistoryGap[] = [];
  /** In the order of time. */
  #events: HistoryEvent[] = [];
  readonly #connections: HistoryConnections[] = [];
  #oldestMs: number | undefined;
  #lastMs: number | undefined;

  constructor() {
    const [values] = valueTiers(Number.POSITIVE_INFINITY);
    const [edges] = edgeTiers(Number.POSITIVE_INFINITY);
    this.#values = new MemoryColumns(values);
    this.#edges = new MemoryColumns(edges);
    this.#stepMs = values.stepMs;
  }

  append({ atMs, containers }: HistoryTick): void {
    this.#noteGap(atMs);
    this.#oldestMs ??= atMs;
    this.#lastMs = atMs;
    const values = new Map<number, Map<number, Point>>();
    for (const container of containers) {
      this.#noteContainer(container, atMs);
      const points = new Map<number, Point>();
      for (const [name, value] of container.values)
        points.set(this.#names.use(name), pointOf(value, container.highs?.get(name)));
      values.set(this.#names.use(container.name), points);
    }
    this.#values.append(atMs, values);
  }

  /** Adds how high a series of a container was since the round before, of a round that was appended. */
  raise(atMs: number, container: string, series: string, high: number): void {
    const subject = this.#names.idOf(container);
    if (subject !== undefined) this.#values.raise(atMs, subject, this.#names.use(series), high);
  }

  appendEdges({ atMs, edges }: EdgeTick): void {
    this.#edges.append(atMs, edgeValues(edges, this.#names, atMs));
  }

  appendEvents(events: readonly HistoryEvent[]): void {
    this.#events = [...this.#events, ...events].sort((a, b) => a.atMs - b.atMs);
  }

  appendConnections(part: HistoryConnections): void {
    this.#connections.push(part);
  }

  saveProblem(problem: HistoryProblem): void {
    this.#problems.set(problem.id, problem);
  }

  appendGap(gap: HistoryGap): void {
    this.#gaps.push(gap);
  }

  read({ fromMs, toMs, points, containers, series }: HistoryQuery): HistoryColumns {
    const subjects = containers?.flatMap((name) => this.#names.idOf(name) ?? []);
    const read = this.#values.read({ fromMs, toMs, points, subjects, series: this.#names.matching(series) });
    const named = read.columns.map(({ subject, series: id, mean, min, max }) => ({
      container: this.#names.textOf(subject),
      name: this.#names.textOf(id),
      mean,
      min,
      max,
    }));
    named.sort((a, b) => byName(a.container, b.container) || byName(a.name, b.name));
    const gaps = this.#gapsIn({ fromMs, toMs }).filter(
      ({ container }) => container === undefined || (containers?.includes(container) ?? true),
    );
    return { fromMs: read.fromMs, stepMs: read.stepMs, points: read.points, series: named, gaps };
  }

  edges(query: EdgeQuery): HistoryEdges {
    return { ...readEdges(this.#edges, this.#names, query), gaps: this.#gapsIn(query) };
  }

  events({ fromMs, toMs, container, kinds, limit }: EventQuery): HistoryEvent[] {
    return this.#events
      .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
      .filter((event) => container === undefined || event.container === container)
      .filter(({ kind }) => kinds?.includes(kind) ?? true)
      .reverse()
      .slice(0, limit);
  }

  connections({ fromMs, toMs, limit }: TimeRange & { limit: number }): HistoryConnections[] {
    const within = this.#connections.filter((part) => part.toMs > fromMs && part.fromMs < toMs);
    return within.reverse().slice(0, limit);
  }

  problems({ fromMs, toMs, container, limit }: ProblemQuery): HistoryProblem[] {
    return [...this.#problems.values()]
      .filter(({ openedAtMs, resolvedAtMs }) => openedAtMs < toMs && (resolvedAtMs ?? toMs) >= fromMs)
      .filter((problem) => container === undefined || problem.container === container)
      .sort((a, b) => b.openedAtMs - a.openedAtMs)
      .slice(0, limit);
  }

  problem(id: string): HistoryProblem | undefined {
    return this.#problems.get(id);
  }

  containers({ fromMs, toMs }: TimeRange): HistoryContainer[] {
    const read = this.read({ fromMs, toMs, points: 1, series: ['*'] });
    const present = new Set(read.series.map(({ container }) => container));
    return [...this.#containers.values()]
      .filter(({ name }) => present.has(name))
      .sort((a, b) => byName(a.name, b.name));
  }

  state(): HistoryState {
    return { bytes: 0, oldestMs: this.#oldestMs, notKept: [] };
  }

  close(): void {}

  #gapsIn({ fromMs, toMs }: TimeRange): HistoryGap[] {
    return this.#gaps.filter((gap) => gap.toMs > fromMs && gap.fromMs < toMs);
  }

  #noteGap(atMs: number): void {
    const before = this.#lastMs;
    if (before === undefined || atMs - before <= (MAX_FILLED + 0.5) * this.#stepMs) return;
    const [fromMs, toMs] = [before, atMs].map((ms) => Math.floor(ms / this.#stepMs) * this.#stepMs);
    this.appendGap({
      fromMs: (fromMs ?? 0) + this.#stepMs,
      toMs: toMs ?? 0,
      container: undefined,
      reason: 'nothing was recorded',
    });
  }

  #noteContainer({ name, id, facts }: ContainerTick, atMs: number): void {
    const before = this.#containers.get(name);
    this.#containers.set(name, { name, id, facts, lastMs: atMs });
    if (before === undefined || before.id === id) return;
    const text = `${name} was started again`;
    this.appendEvents([{ atMs, kind: 'restarted', container: name, text, details: undefined }]);
  }
}

/** Names as numbers. */
class MemoryNames {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [];

  use(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    this.#ids.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  idOf(text: string): number | undefined {
    return this.#ids.get(text);
  }

  textOf(id: number): string {
    return this.#texts[id] ?? '';
  }

  /** Numbers of the names that a pattern means: one that ends in `*` all that begin so. */
  matching(patterns: readonly string[]): Set<number> {
    const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
    const ids = patterns.flatMap((pattern) => this.#ids.get(pattern) ?? []);
    for (const [text, id] of this.#ids) if (prefixes.some((prefix) => text.startsWith(prefix))) ids.push(id);
    return new Set(ids);
  }
}
