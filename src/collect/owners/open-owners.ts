import { openFiles } from '../../procfs/open-files.ts';
import type { Machine } from '../machine.ts';
import { ownerPass } from './owner-pass.ts';
import type { OwnerSource, WorkBudget } from './owner-source.ts';
import { PassOwners } from './pass-owners.ts';
import { ProcOwners } from './proc-owners.ts';

/**
 * Open files of the host from which one answer is cheaper by a pass in the kernel: loading its program costs 7 ms, and
 * 20 ms more for the first command after a boot; a link of `/proc/PID/fd` costs some 5 us.
 */
const WORTH_A_PASS = 4000;

/**
 * The best source of owners that this machine permits: a pass in the kernel, else a scan of `/proc`.
 *
 * @param budget see the constructors
 */
export function openOwners(machine: Machine, budget?: WorkBudget): OwnerSource {
  const pass = ownerPass(machine);
  return typeof pass === 'string' ? new ProcOwners(machine, budget, pass) : new PassOwners(machine, pass, budget);
}

/** As {@link openOwners}, for a single answer: the cheapest source, too. */
export function openOwnersOnce(machine: Machine): OwnerSource {
  if (openFiles(machine.proc) >= WORTH_A_PASS) return openOwners(machine);
  return new ProcOwners(machine, undefined, `fewer than ${WORTH_A_PASS} files are open, which is faster to read`);
}
