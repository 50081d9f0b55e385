import type { ProcessSample } from '../model/sample/sample.ts';
import { checked, PROCESSES } from './line-shapes.ts';

/**
 * Checks `processes` of a namespace in a tick.
 *
 * Nearly every tick brings the whole list again, because some process opened a descriptor. Checking it by
 * its shape, which copies, adds a quarter to the time of reading a recording; so the shape is asked only
 * about a list that is not obviously right, and for what is wrong with it.
 *
 * @throws {RecordingError}
 */
export function checkedProcesses(list: unknown): readonly ProcessSample[] {
  return isProcessList(list) ? list : checked(PROCESSES, list, '"processes" of a tick');
}

/** True for a list that {@link PROCESSES} accepts; false for any that it refuses, and perhaps for others. */
export function isProcessList(list: unknown): list is readonly ProcessSample[] {
  return Array.isArray(list) && list.every(isProcess);
}

function isProcess(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, name, startTicks, container, used, softLimit, hardLimit, kinds } = value as Partial<ProcessSample>;
  return (
    typeof pid === 'number' &&
    typeof name === 'string' &&
    typeof startTicks === 'number' &&
    (container === undefined ? !('container' in value) : typeof container === 'string') &&
    typeof used === 'number' &&
    (softLimit === null || typeof softLimit === 'number') &&
    (hardLimit === null || typeof hardLimit === 'number') &&
    (kinds === undefined ? !('kinds' in value) : hasCounts(kinds))
  );
}

function hasCounts(kinds: unknown): boolean {
  const byKind: unknown = (kinds as { byKind?: unknown } | null)?.byKind;
  if (typeof kinds !== 'object' || typeof byKind !== 'object' || byKind === null || Array.isArray(byKind)) return false;
  for (const kind in byKind) if (typeof (byKind as Record<string, unknown>)[kind] !== 'number') return false;
  return true;
}
