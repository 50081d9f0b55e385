import { makeNames } from '../collect/host-names.ts';
import { takeInventory } from '../collect/inventory.ts';
import type { Machine } from '../collect/machine.ts';
import { findSpaces } from '../collect/spaces.ts';
import { Failure } from '../model/failure.ts';
import type { Overview } from '../model/overview.ts';
import { rowsOfSpace } from './overview-rows.ts';

export interface OverviewOptions {
  /** Also the namespaces without a container, and the host. */
  all: boolean;
  /** Whether the busiest peers get names. */
  names: boolean;
}

/**
 * One row for every running container; without any, or when all are wanted, for every other
 * network namespace and the host too. A namespace is read once, however many share it.
 *
 * @throws {Failure} `not-permitted` when no namespace at all could be read
 */
export async function overview(machine: Machine, options: OverviewOptions): Promise<Overview> {
  const inventory = await takeInventory(machine);
  const anyContainer = inventory.containers.length > 0;
  const showAll = options.all || !anyContainer;
  const spaces = findSpaces(machine, inventory, showAll);
  const names = options.names
    ? makeNames(
        machine,
        inventory.containers.map((container) => container.facts),
        spaces.flatMap(({ place, isHost }) => (place.procNet === undefined || isHost ? [] : [place.procNet])),
      )
    : undefined;
  const result: Overview = {
    takenAt: new Date(),
    rows: [],
    anyContainer,
    lookedFor: inventory.lookedFor,
    coverage: { complete: true, notes: [...inventory.notes] },
  };
  const refused: Failure[] = [];
  for (const space of spaces) {
    try {
      result.rows.push(...rowsOfSpace(machine, space, { names, showHost: showAll }));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.kind === 'not-permitted') refused.push(error);
      result.coverage.complete = false;
      result.coverage.notes.push(error.message);
    }
  }
  const [first] = refused;
  if (result.rows.length === 0 && first !== undefined) throw first;
  noteMissing(result, inventory.containers);
  return result;
}

/** A container that a runtime lists but that has no process here is told, not left out silently. */
function noteMissing(
  result: Overview,
  containers: readonly { facts: { name: string }; pid: number | undefined }[],
): void {
  for (const { facts, pid } of containers) {
    if (pid !== undefined) continue;
    result.coverage.complete = false;
    result.coverage.notes.push(
      `${facts.name}: none of its processes was found on this machine (it may just have stopped)`,
    );
  }
}
