import type { RuntimeReport, RuntimeRow } from '../../model/report/runtime-report.ts';
import type { Coverage } from '../../model/sample/coverage.ts';
import { type Runtime, RuntimeError } from '../../runtimes/runtime.ts';
import type { Machine } from '../machine.ts';
import { readProcessTable } from '../owners/process-table.ts';
import { notesOfPermissions } from '../permissions.ts';
import { askRuntime, containersOf, isRow, type RuntimeAnswer } from './runtimes.ts';

/** Asks every runtime who it is and how many containers it has, and what this process may not do. */
export async function runtimeReport(machine: Machine): Promise<RuntimeReport> {
  const takenAt = new Date();
  const asked = await Promise.all(
    machine.findRuntimes().map(async (runtime) => {
      const answer = await askRuntime(runtime);
      return { answer, row: rowOf(answer, await versionOf(runtime, answer)) };
    }),
  );
  const notes = notesOfPermissions(machine);
  const coverage: Coverage = { complete: notes.length === 0, notes };
  const listed = asked.map(({ answer }) => answer);
  return { takenAt, runtimes: [...asked.map(({ row }) => row), ...unlisted(machine, listed)], coverage };
}

function rowOf({ runtime, endpoint, containers, error }: RuntimeAnswer, version: string): RuntimeRow {
  const count = containers.filter(isRow).length;
  const isPart = error !== undefined && containers.length > 0;
  return {
    runtime,
    endpoint,
    state: isPart ? 'partly' : (error?.kind ?? 'running'),
    ...(version !== '' && { version }),
    ...((error === undefined || isPart) && { containers: count }),
    ...(error !== undefined && { error: error.message }),
  };
}

/** Empty for a runtime that does not answer, or does not tell. */
async function versionOf(runtime: Runtime, { error }: RuntimeAnswer): Promise<string> {
  if (error !== undefined) return '';
  try {
    return (await runtime.version?.()) ?? '';
  } catch (failure) {
    if (!(failure instanceof RuntimeError)) throw failure;
    return '';
  }
}

/** The containers that cgroups name and no runtime lists, by the runtime in the cgroup's path. */
function unlisted(machine: Machine, answers: readonly RuntimeAnswer[]): RuntimeRow[] {
  const known = new Set(containersOf(machine, answers).map(({ id }) => id));
  const ids = new Map<string, Set<string>>();
  for (const { container } of readProcessTable(machine)) {
    if (container === undefined || known.has(container.id)) continue;
    const others = ids.get(container.runtime);
    if (others === undefined) ids.set(container.runtime, new Set([container.id]));
    else others.add(container.id);
  }
  return [...ids].sort().map(([runtime, { size }]) => ({ runtime, state: 'unlisted', containers: size }));
}
