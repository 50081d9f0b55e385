import { SystemCallError, SystemCallsMissing } from '../../kernel/system-calls.ts';
import type { ContainerFacts } from '../../model/container/container.ts';
import { homeOf } from '../../names/passwd.ts';
import type { Machine } from '../machine.ts';
import { readEtc } from '../names/etc-files.ts';
import { userAround } from '../owners/user-word.ts';

/** Whether the names of a runtime's containers are in a storage, see `ContainerStorage`. */
export function isStored(runtime: string): boolean {
  return runtime === 'podman' || runtime === 'cri-o';
}

/**
 * The name in the storage of root, or of the user whose container it is, for one that its cgroup alone tells of: its
 * conmon was killed, or may not be looked at.
 *
 * @param pid one of its processes
 */
export function storedName(
  machine: Machine,
  id: string,
  pid: number,
): Pick<ContainerFacts, 'name' | 'reportedBy'> | undefined {
  const ofRoot = machine.containerStorage().nameOf(id, undefined);
  if (ofRoot !== undefined) return { name: ofRoot };
  const user = ownerOf(machine, pid);
  const home = user === undefined ? undefined : homeOf(readEtc(machine, 'passwd'), user);
  const name = home === undefined ? undefined : machine.containerStorage().nameOf(id, home);
  return name === undefined || user === undefined ? undefined : { name, reportedBy: user };
}

/** See `userAround`; undefined as well where system calls cannot be made or are not permitted. */
function ownerOf(machine: Machine, pid: number): number | undefined {
  try {
    return userAround(machine, pid);
  } catch (error) {
    if (error instanceof SystemCallError || error instanceof SystemCallsMissing) return undefined;
    throw error;
  }
}
