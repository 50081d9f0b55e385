import type { EventMark } from '../protocol/connections.ts';
import type { SampledRow } from './row-builder.ts';

/** A name that comes back so soon was restarted, milliseconds. */
const RESTART_MS = 300_000;

/** What changed with one row. */
export interface ContainerChange extends EventMark {
  /** Whether the name is another container's now: the history notes that itself. */
  isRemade: boolean;
}

function restarted(container: string, atMs: number): EventMark {
  return { atMs, kind: 'restarted', container, text: `${container} restarted` };
}

/** Rows that came, went, or have another name or another container than at the tick before. */
export class ContainerChanges {
  /** Rows of the last tick: ids by name; undefined before the first. */
  #present: ReadonlyMap<string, string> | undefined;
  /** When the row of a name went, and its id. */
  readonly #stopped = new Map<string, { atMs: number; id: string }>();

  /** What changed with the rows of a tick; nothing with the first. */
  take(rows: readonly Pick<SampledRow, 'id' | 'name'>[], atMs: number): ContainerChange[] {
    const before = this.#present;
    const present = new Map(rows.map(({ id, name }) => [name, id]));
    this.#present = present;
    if (before === undefined) return [];
    const changes: ContainerChange[] = [];
    const add = (kind: EventMark['kind'], container: string, text = `${container} ${kind}`) =>
      changes.push({ atMs, kind, container, text, isRemade: false });
    const names = new Map([...before].map(([name, id]) => [id, name]));
    const renamed = new Set<string>();
    for (const [name, id] of present) {
      const old = names.get(id);
      if (before.has(name) || old === undefined || present.has(old)) continue;
      renamed.add(old).add(name);
      add('renamed', name, `${old} renamed to ${name}`);
    }
    for (const [name, id] of before) {
      if (present.has(name) || renamed.has(name)) continue;
      this.#stopped.set(name, { atMs, id });
      add('stopped', name);
    }
    for (const [name, id] of present) {
      if (renamed.has(name)) continue;
      const gone = this.#stopped.get(name);
      const isBack = gone !== undefined && Math.abs(atMs - gone.atMs) <= RESTART_MS;
      const known = before.get(name) ?? (isBack ? gone.id : undefined);
      if (known === undefined) add('started', name);
      else if (known !== id) changes.push({ ...restarted(name, atMs), isRemade: true });
      else if (!before.has(name)) changes.push({ ...restarted(name, atMs), isRemade: false });
      this.#stopped.delete(name);
    }
    for (const [name, gone] of this.#stopped) if (Math.abs(atMs - gone.atMs) > RESTART_MS) this.#stopped.delete(name);
    return changes;
  }
}
