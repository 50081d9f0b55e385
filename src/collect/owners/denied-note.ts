import type { Machine } from '../machine.ts';
import { noteOfDenied, TO_LIST_DESCRIPTORS } from '../permissions.ts';
import { nameOfProcess } from './process-names.ts';

/** Names of programs in a note; further ones are only said to exist. */
const MAX_NAMES = 3;

/**
 * The note about processes whose descriptors may not be listed. It has names and no PIDs or counts: namespaces that are
 * read one after the other then have the same note, which is printed once.
 */
export function deniedNote(machine: Machine, pids: readonly number[]): string {
  const names = [...new Set(pids.map((pid) => nameOfProcess(machine, pid)))].sort();
  const more = names.length > MAX_NAMES ? ' and others' : '';
  const whom = names.slice(0, MAX_NAMES).join(', ') + more;
  return noteOfDenied(machine, `the sockets of ${whom} have no owner here`, TO_LIST_DESCRIPTORS, pids);
}
