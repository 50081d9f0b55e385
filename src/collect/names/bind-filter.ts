import { bindFilter } from '../../filter/bind.ts';
import type { BoundFilter } from '../../filter/bound-filter.ts';
import { compileForKernel } from '../../filter/compile.ts';
import { needsOf } from '../../filter/needs.ts';
import type { Filter } from '../../filter/syntax.ts';
import type { ContainerFacts } from '../../model/container/container.ts';
import type { Machine } from '../machine.ts';
import type { NetnsHandle } from '../target/netns-handle.ts';
import { filterNames } from './filter-names.ts';

/**
 * Looks the names of a filter up and compiles it.
 *
 * @param containers what runs on the machine, for names of containers and services
 * @returns undefined for a filter that says nothing
 * @throws {Failure} `usage` for a name that nobody knows
 */
export async function bindInNetns(
  machine: Machine,
  handle: NetnsHandle,
  filter: Filter,
  containers: readonly ContainerFacts[],
): Promise<BoundFilter | undefined> {
  if (filter.tree === undefined) return undefined;
  const tree = bindFilter(filter.text, filter.tree, await filterNames(machine, handle, filter, containers));
  return {
    tree,
    needs: needsOf(tree),
    compiled: compileForKernel(tree),
    ...(filter.families !== undefined && { families: filter.families }),
  };
}
