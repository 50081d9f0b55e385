import type { EndedGroup } from '../../model/ended-group.ts';
import type { Series, SpaceSeries } from '../../model/series.ts';
import type { EndedAt } from './clients/closed-connections.ts';
import { localAddresses } from './homes.ts';
import { containerAt, isLoopback } from './peers/endpoints.ts';
import { dumpsOf, riseOf } from './snapshots/snapshots.ts';
import { ofProto } from './snapshots/socket-lists.ts';

/** Port of the Domain Name System. */
export const DNS = 53;

/** Where the Engine answers inside a container's namespace: it asks the host's resolver, and keeps nothing. */
const ENGINE_DNS = '127.0.0.11';

/** What ended towards port 53, a resolver's own queries left out. */
export function queriesIn(space: SpaceSeries): EndedAt[] {
  const resolvers = resolversOf(space);
  return space.samples
    .slice(1)
    .flatMap(({ atMs, ended }) =>
      (ended ?? [])
        .filter((group) => isQuery(group) && !isResolvers(group, resolvers, space))
        .map((group) => ({ atMs, group })),
    );
}

function isQuery({ proto, peerPort }: EndedGroup): boolean {
  return proto === 'udp' && peerPort === DNS;
}

/** Whoever is bound to port 53 in the namespace; `unknown` where nobody was seen to hold it. */
function resolversOf(space: SpaceSeries): ReadonlySet<number | 'unknown'> {
  const pids = new Set<number | 'unknown'>();
  for (const dump of dumpsOf(space)) {
    for (const { localPort, peerPort, process } of ofProto(dump, 'udp')) {
      if (localPort === DNS && peerPort === 0) pids.add(process?.pid ?? 'unknown');
    }
  }
  return pids;
}

/** A query of somebody who answers queries: of a known one, or of nobody known to a resolver elsewhere. */
function isResolvers(
  { process, peerAddress }: EndedGroup,
  resolvers: ReadonlySet<number | 'unknown'>,
  space: SpaceSeries,
) {
  if (resolvers.size === 0) return false;
  if (process !== undefined) return resolvers.has(process.pid);
  return !isLoopback(peerAddress) && !localAddresses(space).has(peerAddress);
}

/**
 * Datagrams sent where every UDP socket with a peer talks to port 53 and is kept for many queries; undefined
 * where others send as well, or nobody does.
 */
export function keptQueries(space: SpaceSeries): number | undefined {
  let queries = 0;
  const resolvers = resolversOf(space);
  for (const dump of dumpsOf(space)) {
    for (const { peerPort } of ofProto(dump, 'udp')) {
      if (peerPort !== DNS) return undefined;
      queries++;
    }
  }
  if (queries === 0 || resolvers.size > 0) return undefined;
  return riseOf(space, 'UdpOutDatagrams')?.rise;
}

/** Those of them that leave the machine by its interface: for no cache and no container here. */
export function leaving(queries: readonly EndedAt[], space: SpaceSeries, series: Series): EndedAt[] {
  return queries.filter(({ group: { peerAddress } }) => {
    if (peerAddress === ENGINE_DNS) return true;
    if (isLoopback(peerAddress) || localAddresses(space).has(peerAddress)) return false;
    return containerAt(series, peerAddress) === undefined;
  });
}
