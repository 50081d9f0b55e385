import type { SocketQuery } from '../model/socket/socket-query.ts';
import { hostsIn } from './bind.ts';
import type { CompiledFilter } from './compile.ts';
import type { ConditionTree } from './condition.ts';
import type { Needs } from './needs.ts';
import type { Filter } from './syntax.ts';
import { eachAtom } from './tree.ts';

/** A filter with its names looked up in one place, and its part for the kernel compiled. */
export interface BoundFilter {
  tree: ConditionTree;
  needs: Needs;
  compiled: CompiledFilter;
  /** Address families that `-f` inside the filter allows; absent for all. */
  families?: readonly ('inet' | 'inet6')[];
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
