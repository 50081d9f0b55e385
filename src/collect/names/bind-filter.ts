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
 * Resolves the names in a filter, and compiles it.
 *
 * @param handle the network namespace whose interfaces and gateways names refer to
 * @param containers the running containers, for names of containers and services
 * @returns undefined for an empty filter
 * @throws {Failure} `usage` for an unknown name
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
