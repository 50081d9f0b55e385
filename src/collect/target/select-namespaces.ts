import { grouped } from '../../base/lists.ts';
import { type Scope, scopeOf } from '../../model/netns/scope.ts';
import type { NetnsMembers } from '../../model/netns/sharing.ts';
import type { Target } from '../../model/netns/target.ts';
import { listPids } from '../../procfs/pids.ts';
import { containerOf } from '../containers/container-of-process.ts';
import type { Inventory } from '../containers/inventory.ts';
import type { Machine } from '../machine.ts';
import { netnsIdentifier } from '../owners/process-table.ts';
import type { NetnsHandle } from './netns-handle.ts';
import { type FoundTarget, findTargets } from './resolve-targets.ts';

/** A network namespace, and what of it the TARGETs of a command mean. */
export interface NetnsSelection {
  /** Its target stands for all targets in the namespace: several names with commas. */
  handle: NetnsHandle;
  scope: Scope;
}

/**
 * The network namespaces of a TARGET argument, in its order, each once however many targets are in it.
 *
 * @param wholeNetns whether every target means its whole namespace, `--netns`
 * @param inventory what runs on the machine; called only where a namespace may be shared
 * @throws {Failure} as `resolveTargets`
 */
export async function selectNamespaces(
  machine: Machine,
  text: string,
  wholeNetns: boolean,
  inventory: () => Promise<Inventory>,
): Promise<NetnsSelection[]> {
  const targets = await findTargets(machine, text, inventory);
  const selections: NetnsSelection[] = [];
  for (const [netns, together] of grouped(targets, ({ handle }) => handle.target.netns)) {
    const isWhole = wholeNetns || !mayBeShared(machine, netns, together);
    const scope = isWhole ? undefined : scopeIn(netns, together, await inventory());
    selections.push({ handle: oneHandle(together), scope });
  }
  return selections;
}

/** What of a network namespace the targets in it mean together. */
export function scopeIn(netns: number, targets: readonly FoundTarget[], inventory: Inventory): Scope {
  return scopeOf(
    targets.map(({ container }) => container),
    membersOf(netns, inventory),
  );
}

/** Whose processes are in a network namespace. */
export function membersOf(netns: number, { containers, processes }: Inventory): NetnsMembers<{ id: string }> {
  return {
    containers: containers.filter((container) => container.netns === netns).map(({ facts }) => facts),
    host: processes.find(({ pid }) => pid === 1)?.netns === netns,
  };
}

/**
 * Whether others than the containers of these targets may have sockets in their namespace. Reads no more than the
 * namespace of every process, so that a namespace of one container costs no inventory.
 */
function mayBeShared(machine: Machine, netns: number, targets: readonly FoundTarget[]): boolean {
  const named = new Set<string>();
  for (const { container, handle } of targets) {
    if (container === undefined) return false;
    const { pid } = handle.target;
    // Where cgroups do not name containers, only runtimes tell who is there.
    if (pid === undefined || containerOf(machine, pid)?.id !== container) return true;
    named.add(container);
  }
  const { proc } = machine;
  const identify = netnsIdentifier(proc);
  return (
    named.size > 1 ||
    listPids(proc).some((pid) => {
      if (identify(pid) !== netns) return false;
      const id = pid === 1 ? 'host' : containerOf(machine, pid)?.id;
      return id !== undefined && !named.has(id);
    })
  );
}

/** One handle for all targets in a namespace. */
function oneHandle(targets: readonly FoundTarget[]): NetnsHandle {
  const [first, ...others] = targets.map(({ handle }) => handle);
  if (first === undefined) throw new Error('a group of targets is not empty');
  if (others.length === 0) return first;
  const { pid, netns } = first.target;
  const host = [first, ...others].find(({ target }) => target.runtime === 'host');
  const target: Target = {
    name: targets.map(({ handle }) => handle.target.name).join(','),
    runtime: host === undefined ? 'netns' : 'host',
    ...(pid !== undefined && { pid }),
    netns,
  };
  const reportedBy = [first, ...others].find((handle) => handle.reportedBy !== undefined)?.reportedBy;
  return { ...first, target, ...(reportedBy !== undefined && { reportedBy }) };
}
