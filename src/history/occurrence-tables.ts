import type { DatabaseSync } from 'node:sqlite';
import {
  type EventQuery,
  type HistoryConnections,
  type HistoryEvent,
  type HistoryGap,
  type HistoryProblem,
  MAX_CONNECTION_PARTS,
  MAX_EVENTS,
  MAX_PROBLEMS,
  type ProblemQuery,
  type TimeRange,
} from './history.ts';

/** Gaps that are kept. */
const MAX_GAPS = 10_000;

/** What waits for the disk, at most of each kind; the oldest is given up. */
const MAX_WAITING = 10_000;

const SELECT_PROBLEM = `
  SELECT id, rule, severity, container, title, opened_ms AS openedAtMs, resolved_ms AS resolvedAtMs, details FROM problem`;

type Row = Record<string, unknown>;

/** Events, connections, problems and gaps: each table has a greatest number of rows. */
export class OccurrenceTables {
  readonly #database: DatabaseSync;
  #events: HistoryEvent[] = [];
  readonly #problems = new Map<string, HistoryProblem>();
  #gaps: HistoryGap[] = [];
  #connections: HistoryConnections[] = [];
  #givenUp = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** How many were given up because they could not be written. */
  get givenUp(): number {
    return this.#givenUp;
  }

  /** Whether something is not in the tables yet. */
  get hasWaiting(): boolean {
    return this.#events.length + this.#problems.size + this.#gaps.length + this.#connections.length > 0;
  }

  addEvents(events: readonly HistoryEvent[]): void {
    this.#events.push(...events);
    this.#givenUp += this.#events.splice(0, this.#events.length - MAX_WAITING).length;
  }

  addConnections(part: HistoryConnections): void {
    this.#connections.push(part);
    this.#givenUp += this.#connections.splice(0, this.#connections.length - MAX_CONNECTION_PARTS).length;
  }

  saveProblem(problem: HistoryProblem): void {
    // Written in the order of the last change; a problem that was there keeps its place.
    this.#problems.set(problem.id, problem);
    if (this.#problems.size <= MAX_WAITING) return;
    for (const id of this.#problems.keys()) {
      this.#problems.delete(id);
      this.#givenUp++;
      break;
    }
  }

  addGap(gap: HistoryGap): void {
    this.#gaps.push(gap);
    this.#givenUp += this.#gaps.splice(0, this.#gaps.length - MAX_WAITING).length;
  }

  /**
   * Writes what waits, in the transaction of the caller.
   *
   * @returns what to do once that is committed
   */
  write(): () => void {
    const [events, problems, gaps] = [this.#events.length, this.#problems.size, this.#gaps.length];
    const connections = this.#connections.length;
    this.#writeConnections();
    this.#writeEvents();
    this.#writeProblems();
    this.#writeGaps();
    return () => {
      this.#events.splice(0, events);
      this.#connections.splice(0, connections);
      if (problems > 0) this.#problems.clear();
      this.#gaps.splice(0, gaps);
    };
  }

  /** Deletes what ended before that time. */
  deleteBefore(timeMs: number): void {
    this.#database.prepare('DELETE FROM event WHERE at_ms < ?').run(timeMs);
    this.#database.prepare('DELETE FROM gap WHERE to_ms < ?').run(timeMs);
    this.#database.prepare('DELETE FROM connections WHERE to_ms < ?').run(timeMs);
    this.#database.prepare('DELETE FROM problem WHERE resolved_ms < ?').run(timeMs);
  }

  /** Events of a time, the newest first: those that are written. */
  events({ fromMs, toMs, container, kinds, limit }: EventQuery): HistoryEvent[] {
    const rows = this.#database
      .prepare(`
        SELECT at_ms AS atMs, kind, container, text, details FROM event
        WHERE at_ms >= ?1 AND at_ms < ?2 AND (?3 IS NULL OR container = ?3)
          AND (?4 IS NULL OR kind IN (SELECT value FROM json_each(?4)))
        ORDER BY at_ms DESC, id DESC LIMIT ?5`)
      .all(fromMs, toMs, container ?? null, kinds === undefined ? null : JSON.stringify(kinds), limit);
    return rows.map((row) => withJson(row) as unknown as HistoryEvent);
  }

  /** Parts that overlap a time, the newest first: those that are written. */
  connections({ fromMs, toMs, limit }: TimeRange & { limit: number }): HistoryConnections[] {
    const rows = this.#database
      .prepare(`
        SELECT from_ms AS fromMs, to_ms AS toMs, counts, details FROM connections
        WHERE to_ms > ? AND from_ms < ? ORDER BY to_ms DESC, id DESC LIMIT ?`)
      .all(fromMs, toMs, limit);
    return rows.map((row) => ({ ...withJson(row), counts: JSON.parse(String(row.counts)) }) as HistoryConnections);
  }

  /** Problems that were open at some time of the query, the newest first: those that are written. */
  problems({ fromMs, toMs, container, limit }: ProblemQuery): HistoryProblem[] {
    const rows = this.#database
      .prepare(`${SELECT_PROBLEM}
        WHERE opened_ms < ?2 AND (resolved_ms IS NULL OR resolved_ms >= ?1) AND (?3 IS NULL OR container = ?3)
        ORDER BY opened_ms DESC, number DESC LIMIT ?4`)
      .all(fromMs, toMs, container ?? null, limit);
    return rows.map((row) => withJson(row) as unknown as HistoryProblem);
  }

  /** The problem with an id; undefined where none is written. */
  problem(id: string): HistoryProblem | undefined {
    const row = this.#database.prepare(`${SELECT_PROBLEM} WHERE id = ?`).get(id);
    return row === undefined ? undefined : (withJson(row) as unknown as HistoryProblem);
  }

  /** Gaps that touch a time, the oldest first: those that are written. */
  gaps({ fromMs, toMs }: TimeRange): HistoryGap[] {
    const rows = this.#database
      .prepare(`
        SELECT from_ms AS fromMs, to_ms AS toMs, container, reason FROM gap
        WHERE to_ms > ? AND from_ms < ? ORDER BY from_ms, id`)
      .all(fromMs, toMs);
    return rows.map((row) => withoutNulls(row) as unknown as HistoryGap);
  }

  #writeEvents(): void {
    if (this.#events.length === 0) return;
    const insert = this.#database.prepare(
      'INSERT INTO event (at_ms, kind, container, text, details) VALUES (?, ?, ?, ?, ?)',
    );
    for (const { atMs, kind, container, text, details } of this.#events) {
      insert.run(Math.round(atMs), kind, container ?? null, text, toJson(details));
    }
    this.#keepNewest('event', 'id', MAX_EVENTS);
  }

  #writeConnections(): void {
    if (this.#connections.length === 0) return;
    const insert = this.#database.prepare(
      'INSERT INTO connections (from_ms, to_ms, counts, details) VALUES (?, ?, ?, ?)',
    );
    for (const { fromMs, toMs, counts, details } of this.#connections)
      insert.run(Math.floor(fromMs), Math.ceil(toMs), JSON.stringify(counts), JSON.stringify(details));
    this.#keepNewest('connections', 'id', MAX_CONNECTION_PARTS);
  }

  #writeProblems(): void {
    if (this.#problems.size === 0) return;
    const save = this.#database.prepare(`
      INSERT INTO problem (id, rule, severity, container, title, opened_ms, resolved_ms, details)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET rule = excluded.rule, severity = excluded.severity, container = excluded.container,
        title = excluded.title, opened_ms = excluded.opened_ms, resolved_ms = excluded.resolved_ms, details = excluded.details`);
    for (const { id, rule, severity, container, title, openedAtMs, resolvedAtMs, details } of this.#problems.values()) {
      const resolved = resolvedAtMs === undefined ? null : Math.round(resolvedAtMs);
      save.run(...[id, rule, severity, container ?? null, title, Math.round(openedAtMs), resolved, toJson(details)]);
    }
    this.#keepNewest('problem', 'number', MAX_PROBLEMS);
  }

  #writeGaps(): void {
    if (this.#gaps.length === 0) return;
    const insert = this.#database.prepare('INSERT INTO gap (from_ms, to_ms, container, reason) VALUES (?, ?, ?, ?)');
    for (const { fromMs, toMs, container, reason } of this.#gaps) {
      insert.run(Math.round(fromMs), Math.round(toMs), container ?? null, reason);
    }
    this.#keepNewest('gap', 'id', MAX_GAPS);
  }

  #keepNewest(table: string, key: string, count: number): void {
    this.#database.prepare(`DELETE FROM ${table} WHERE ${key} <= (SELECT max(${key}) FROM ${table}) - ?`).run(count);
  }
}

function toJson(details: unknown): string | null {
  return details === undefined ? null : JSON.stringify(details);
}

/** A row with undefined for NULL. */
function withoutNulls(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value ?? undefined]));
}

function withJson(row: Row): Row {
  const { details } = row;
  return { ...withoutNulls(row), details: typeof details === 'string' ? JSON.parse(details) : undefined };
}
