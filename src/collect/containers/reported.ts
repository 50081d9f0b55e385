import type { ContainerFacts } from '../../model/container/container.ts';
import { Failure } from '../../model/failure.ts';
import type { Machine } from '../machine.ts';
import { isOfUser } from '../owners/user-word.ts';

/**
 * Of what several runtimes report about containers, one report for each id: the first, unless it is an ordinary user's
 * word and there is a better one. Root's is better, and that of the user whose process it is: no user can hide or take
 * the containers of another.
 */
export function oneForEachId<T extends ContainerFacts>(machine: Machine, containers: Iterable<T>): T[] {
  const byId = new Map<string, T>();
  for (const container of containers) {
    const known = byId.get(container.id);
    if (known === undefined || isBetter(machine, container, known)) byId.set(container.id, container);
  }
  return [...byId.values()];
}

function isBetter(machine: Machine, container: ContainerFacts, known: ContainerFacts): boolean {
  if (known.reportedBy === undefined || known.reportedBy === container.reportedBy) return false;
  if (container.reportedBy === undefined) return true;
  return !isTheirs(machine, known) && isTheirs(machine, container);
}

/** Whether the process that an ordinary user reports is one of that user. */
function isTheirs(machine: Machine, { pid, reportedBy }: ContainerFacts): boolean {
  if (pid === undefined || reportedBy === undefined) return false;
  try {
    return isOfUser(machine, pid, reportedBy);
  } catch (error) {
    // Without system calls it cannot be told.
    if (error instanceof Failure) return false;
    throw error;
  }
}
