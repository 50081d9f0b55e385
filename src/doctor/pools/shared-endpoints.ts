import { perObject } from '../../base/memo.ts';
import type { Series } from '../../model/sample/series.ts';
import { endpointKey } from '../peers/endpoints.ts';
import { type Pool, peakOf, poolsOf } from './pools.ts';
import { isProxy } from './proxies.ts';

/** All pools to one endpoint, whichever namespaces they are in. */
export interface SharedEndpoint {
  /** The same for every namespace that talks to it. */
  key: string;
  pools: readonly [Pool, ...Pool[]];
  /** Names of the containers that they are in; namespaces without containers count by their names. */
  instances: readonly string[];
  /** Number of known processes that hold them, at least 1. */
  processes: number;
  /** Sum over the pools of the maximum number of connections in any snapshot. */
  peak: number;
}

/** Every endpoint with connections from watched namespaces, by its key. Proxies are left out: they connect for others. */
export const sharedEndpoints = perObject((series: Series): ReadonlyMap<string, SharedEndpoint> => {
  const made = new Map<string, { key: string; pools: [Pool, ...Pool[]]; instances: Set<string>; peak: number }>();
  for (const netns of series.namespaces) {
    for (const pool of poolsOf(netns)) {
      if (isProxy(pool.member.process?.name)) continue;
      const key = endpointKey(series, netns.namespace, pool.peer, pool.port);
      const endpoint = made.get(key);
      const instance = pool.member.container ?? netns.namespace.name;
      if (endpoint === undefined) {
        made.set(key, { key, pools: [pool], instances: new Set([instance]), peak: peakOf(pool) });
      } else {
        endpoint.pools.push(pool);
        endpoint.instances.add(instance);
        endpoint.peak += peakOf(pool);
      }
    }
  }
  return new Map(
    [...made].map(([key, { instances, ...rest }]) => {
      const processes = Math.max(1, rest.pools.filter(({ member }) => member.process !== undefined).length);
      return [key, { ...rest, processes, instances: [...instances].sort() }];
    }),
  );
});

/** The endpoint of a pool, with all pools to it. */
export function sharersOf(series: Series, pool: Pool): SharedEndpoint | undefined {
  return sharedEndpoints(series).get(endpointKey(series, pool.netns.namespace, pool.peer, pool.port));
}

/** Who shares the connections of a server. */
export interface Sharing {
  /** What the server takes, all clients together. */
  limit: number;
  /** Connections of it that ordinary users do not get. */
  reserved: number;
  /** Processes with a pool, over all instances of the service. */
  processes: number;
  /** Old and new instances at once during a deployment: 1 + surge. */
  deployFactor: number;
  /** Share of the limit that is reserved for migrations, scheduled jobs and people. */
  reserveShare: number;
}

/** The cap of one pool with which all of them together fit, at least 1. */
export function recommendedCap({ limit, reserved, processes, deployFactor, reserveShare }: Sharing): number {
  const share = ((limit - reserved) * (1 - reserveShare)) / (Math.max(1, processes) * deployFactor);
  return Math.max(1, Math.floor(share));
}
