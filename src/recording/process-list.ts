import type { ProcessSample } from '../model/sample/sample.ts';
import { checked, PROCESSES } from './line-shapes.ts';

/**
 * Validates `processes` of a network namespace in a tick.
 *
 * Nearly every tick has the whole list, because some process opened a descriptor. Validation with the valibot schema,
 * which copies, adds 25 % to the time of reading a recording; it runs only when the fast check fails, and then
 * provides the error.
 *
 * @throws {RecordingError} for an invalid list
 */
export function checkedProcesses(list: unknown): readonly ProcessSample[] {
  return isProcessList(list) ? list : checked(PROCESSES, list, '"processes" of a tick');
}

/** Fast check: true only for a list that {@link PROCESSES} accepts; false for every other list, and possibly for an accepted one. */
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
  // Rare: the schema checks it.
  return !('dead' in (kinds as object));
}
