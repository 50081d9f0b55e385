import type { SocketQuery } from '../model/socket/socket-query.ts';
import { hostsIn } from './bind.ts';
import type { CompiledFilter } from './compile.ts';
import type { ConditionTree } from './condition.ts';
import type { Needs } from './needs.ts';
import type { Filter } from './syntax.ts';
import { eachAtom } from './tree.ts';

/** A filter bound to one network namespace, with its part for the kernel compiled. */
export interface BoundFilter {
  tree: ConditionTree;
  needs: Needs;
  compiled: CompiledFilter;
  /** Address families that the filter restricts the query to; absent for all. */
  families?: readonly ('inet' | 'inet6')[];
}

/** Restricts a query to what can match a filter, for the request to the kernel. */
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

/** Whether a filter needs the list of containers: it has host names or `container` conditions. */
export function asksForContainers(filter: Filter | undefined): boolean {
  if (filter?.tree === undefined) return false;
  let asks = hostsIn(filter.tree).length > 0;
  eachAtom(filter.tree, ({ kind }) => {
    if (kind === 'container') asks = true;
  });
  return asks;
}
