import { bindFilter, hostsIn } from '../filter/bind.ts';
import { type CompiledFilter, compileForKernel } from '../filter/compile.ts';
import type { ConditionTree } from '../filter/condition.ts';
import { type Needs, needsOf } from '../filter/needs.ts';
import type { Filter } from '../filter/syntax.ts';
import { eachAtom } from '../filter/tree.ts';
import type { ContainerFacts } from '../model/container.ts';
import type { SocketQuery } from '../model/socket-query.ts';
import { filterNames } from './filter-names.ts';
import type { Machine } from './machine.ts';
import type { Place } from './place.ts';

/** A filter for one place: its names looked up there, its part for the kernel compiled. */
export interface BoundFilter {
  tree: ConditionTree;
  needs: Needs;
  compiled: CompiledFilter;
  families?: readonly ('inet' | 'inet6')[];
}

/**
 * Looks the names of a filter up and compiles it.
 *
 * @param containers what runs on the machine, for names of containers and services
 * @returns undefined for a filter that says nothing
 * @throws {Failure} `usage` for a name that nobody knows
 */
export async function bindForPlace(
  machine: Machine,
  place: Place,
  filter: Filter,
  containers: readonly ContainerFacts[],
): Promise<BoundFilter | undefined> {
  if (filter.tree === undefined) return undefined;
  const tree = bindFilter(filter.text, filter.tree, await filterNames(machine, place, filter, containers));
  return {
    ...{ tree, needs: needsOf(tree), compiled: compileForKernel(tree) },
    ...(filter.families !== undefined && { families: filter.families }),
  };
}

/** The query that the kernel is asked, so that it leaves out what a filter does not want. */
export function narrowed(query: SocketQuery, { compiled, needs, families }: BoundFilter): SocketQuery {
  const { part, kernel } = compiled;
  return {
    ...query,
    inet: query.inet && (families?.includes('inet') ?? true),
    inet6: query.inet6 && (families?.includes('inet6') ?? true),
    states: query.states & part.states,
    tcpInfo: query.tcpInfo || needs.tcpInfo,
    filter: kernel,
  };
}

/** Whether a filter has names that may be containers'. */
export function asksForContainers(filter: Filter | undefined): boolean {
  if (filter?.tree === undefined) return false;
  let asks = hostsIn(filter.tree).length > 0;
  eachAtom(filter.tree, ({ kind }) => {
    if (kind === 'container') asks = true;
  });
  return asks;
}
