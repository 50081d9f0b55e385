import { grouped } from '../../base/lists.ts';
import { serviceOf } from '../../model/container/service.ts';
import type { WatchedContainer } from '../../model/netns/netns.ts';
import { isLoopback } from '../../model/socket/loopback.ts';
import { containersAt, goesBy } from '../peers/endpoints.ts';
import { namespaceByAddress } from '../peers/namespace-by-address.ts';
import type { RuleInput } from '../rule.ts';
import type { Pool } from './pools.ts';
import { type SharedEndpoint, sharersOf } from './shared-endpoints.ts';

/** Who shares the connections of a server, on this machine and elsewhere. */
export interface Sharers {
  /** Processes with a pool, over all instances that are known; at least 1. */
  processes: number;
  /** How the instances are known: all clients are here, or `--replicas`; undefined where there may be others elsewhere. */
  known: 'here' | '--replicas' | undefined;
  /** Names of the services or programs that share it, for a sentence. */
  names: readonly string[];
}

/** Who shares the server of a pool. */
export function sharersOfPool(input: RuleInput, pool: Pool): Sharers {
  const endpoint = sharersOf(input.series, pool);
  return endpoint === undefined
    ? { processes: 1, known: undefined, names: [nameOf(pool, undefined)] }
    : sharersOfEndpoint(input, endpoint);
}

/** Who shares an endpoint. */
export function sharersOfEndpoint(input: RuleInput, { pools }: SharedEndpoint): Sharers {
  const { series, declared } = input;
  const [first] = pools;
  const services = [...grouped(pools, (pool) => keyOf(pool, containerOf(input, pool))).values()];
  let processes = 0;
  let everyDeclared = true;
  for (const members of services) {
    const container = members[0] === undefined ? undefined : containerOf(input, members[0]);
    const here = Math.max(1, members.filter(({ member }) => member.process !== undefined).length);
    const instances = new Set(members.map(({ netns, member }) => member.container ?? netns.namespace.name)).size;
    const count = declared.replicas.find(({ service }) => service === undefined || isNamed(container, service))?.count;
    if (count === undefined) everyDeclared = false;
    const all = Math.max(instances, count ?? replicasHere(input, container));
    processes += Math.ceil((here * all) / instances);
  }
  const isHere =
    isLoopback(first.peer) ||
    containersAt(series, first.peer).length > 0 ||
    namespaceByAddress(series, first.netns, first.peer) !== undefined;
  return {
    processes: Math.max(1, processes),
    known: everyDeclared ? '--replicas' : isHere ? 'here' : undefined,
    names: services.flatMap(([pool]) => (pool === undefined ? [] : [nameOf(pool, containerOf(input, pool))])),
  };
}

function containerOf({ series }: RuleInput, { member, netns }: Pool): WatchedContainer | undefined {
  const { containers } = netns.namespace;
  if (member.container === undefined) return containers.length === 1 ? containers[0] : undefined;
  return (
    containers.find(({ name }) => name === member.container) ??
    series.containers.find(({ name }) => name === member.container)
  );
}

/** The instances of one service, else each container or namespace by itself. */
function keyOf({ member, netns }: Pool, container: WatchedContainer | undefined): string {
  const service = container && serviceOf(container);
  return service?.key ?? `${member.container ?? netns.namespace.name}`;
}

function nameOf({ member, netns }: Pool, container: WatchedContainer | undefined): string {
  const service = container && serviceOf(container);
  return service?.short ?? container?.name ?? member.process?.name ?? netns.namespace.name;
}

function isNamed(container: WatchedContainer | undefined, service: string): boolean {
  return container !== undefined && goesBy(container, service);
}

/** Containers of the same service on this machine, also those that are not watched; 0 without a service. */
function replicasHere({ series }: RuleInput, container: WatchedContainer | undefined): number {
  const key = container && serviceOf(container)?.key;
  return key === undefined ? 0 : series.containers.filter((other) => serviceOf(other)?.key === key).length;
}
