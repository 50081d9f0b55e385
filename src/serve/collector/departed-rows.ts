import type { ContainerRow } from '../protocol.ts';
import type { SampledRow } from './row-builder.ts';

/** A container that stopped stays as a row for so long, milliseconds: who comes to look sees what was there. */
const STAYS_MS = 10 * 60_000;

/** The most of them, the last ones: a host may start thousands of short containers an hour. */
const MOST = 100;

/** Rows of containers and namespaces that are not there any more, until they are started again or were gone for long. */
export class DepartedRows {
  /** By name, which a container that is started again has again. */
  readonly #departed = new Map<string, SampledRow>();
  #present = new Map<string, SampledRow>();

  /** @param rows of a tick @param atMs its time, milliseconds since the epoch */
  update(rows: readonly SampledRow[], atMs: number): void {
    const before = this.#present;
    this.#present = new Map(rows.map((row) => [row.name, row]));
    // One that has another name now has not stopped.
    const ids = new Set(rows.map(({ id }) => id));
    const isThere = ({ name, id }: SampledRow) => this.#present.has(name) || ids.has(id);
    for (const row of before.values())
      if (!isThere(row) && isLasting(row)) this.#departed.set(row.name, departedOf(row, atMs));
    for (const [name, row] of this.#departed)
      if (isThere(row) || Math.abs(atMs - (row.stoppedAtMs ?? 0)) > STAYS_MS) this.#departed.delete(name);
    for (const name of this.#departed.keys()) {
      if (this.#departed.size <= MOST) break;
      this.#departed.delete(name);
    }
  }

  /** The row that stopped last comes first. */
  get rows(): readonly SampledRow[] {
    return [...this.#departed.values()].reverse();
  }
}

/** What belongs to nobody in a namespace has the names of the containers there: it is no container that stopped. */
function isLasting({ runtime }: SampledRow): boolean {
  return runtime !== '-' && runtime !== 'host';
}

/** What it was; of its numbers none holds any more. */
function departedOf({ id, name, runtime, image, project, service, pod, ecs }: SampledRow, atMs: number): SampledRow {
  const identity: Pick<ContainerRow, 'id' | 'name' | 'runtime'> = { id, name, runtime };
  return {
    ...identity,
    ...(image !== undefined && { image }),
    ...(project !== undefined && { project }),
    ...(service !== undefined && { service }),
    ...(pod !== undefined && { pod }),
    ...(ecs !== undefined && { ecs }),
    status: 'stopped',
    stoppedAtMs: atMs,
  };
}
