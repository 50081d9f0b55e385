import { grouped } from '../../../base/lists.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { containerAt, isPrivate, serviceOf } from '../../peers/endpoints.ts';
import { perNamespace } from '../../per-scope.ts';
import { establishedIn, type Pool, poolsOf } from '../../pools/pools.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { holderKey } from '../../scopes.ts';

const settings = {
  backends: { default: 3, unit: 'count', text: 'fewest addresses that count as a balanced service' },
  connections: { default: 20, unit: 'count', text: 'fewest connections that say anything' },
  factor: { default: 2, unit: 'share', text: 'multiple of the mean that is too much for one address' },
  looks: { default: 3, unit: 'count', text: 'last snapshots that must each show it' },
} as const;

type Values = SettingValues<typeof settings>;

/** Dumps are about so far apart. */
const SNAPSHOT_MS = 1_000;

/** One process whose connections to the instances of a service are spread unevenly. */
export const backendImbalance = rule({
  name: 'BACKEND_IMBALANCE',
  title: 'Connections to the instances of one service are spread unevenly',
  settings,
  needsMs: ({ looks }) => (looks - 1) * SNAPSHOT_MS,
  judge: perNamespace(ofNamespace),
});

/** The instances that one process talks to on one port, and how many connections each has at each snapshot. */
interface Backends {
  /** What they share: a service by its labels; undefined for addresses about which nothing is known. */
  service: string | undefined;
  port: number;
  pools: readonly Pool[];
  /** By address, over the snapshots; an instance of the service without a connection is there with zeros. */
  counts: ReadonlyMap<string, readonly number[]>;
}

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  return backendsOf(netns, series).flatMap(({ service, port, pools, counts }) => {
    const [first] = pools;
    const snapshots = Math.min(...[...counts.values()].map(({ length }) => length));
    if (first === undefined || counts.size < values.backends || snapshots < values.looks) return [];
    const shown = Array.from({ length: values.looks }, (_, back) => spread(counts, snapshots - 1 - back));
    if (!shown.every((snapshot) => isUneven(snapshot, values))) return [];
    const { total, most, least, mean } = shown[0] as Spread;
    const names = [...counts].map(
      ([address, bySnapshot]) => `${series.names.host(address) ?? address} ${bySnapshot.at(-1)}`,
    );
    const known = service !== undefined;
    return {
      severity: known ? 'warning' : 'info',
      confidence: known ? 'medium' : 'low',
      holder: first.member,
      summary: `${total} connections to ${counts.size} ${known ? 'instances of one service' : 'addresses'} on port ${port}: one has ${most}, another ${least}`,
      evidence: [
        { what: 'connections by address', value: names.join(', '), source: 'sock_diag' },
        { what: 'mean', value: Math.round(mean * 10) / 10, unit: 'connections', source: 'sock_diag' },
        { what: 'snapshots that showed it', value: values.looks, source: 'sock_diag' },
        ...(known ? [{ what: 'known as one service by', value: service, source: "the runtime's labels" }] : []),
      ],
      fixes: [
        {
          where: 'the client',
          text: 'long-lived connections (HTTP/2, gRPC, pools) stay with the addresses that were resolved first: balance in the client, and resolve again',
          snippet: '{"loadBalancingConfig": [{"round_robin": {}}]}',
        },
        {
          where: 'the server',
          text: 'close connections after some minutes, so that new ones are balanced (gRPC: MAX_CONNECTION_AGE)',
        },
      ],
      byHand: (target) => `socklens ls ${target} 'state established and dport ${port}' --by peer-address`,
      about: `port ${port}`,
    };
  });
}

function backendsOf(netns: NetnsSeries, series: Series): Backends[] {
  const groups = grouped(poolsOf(netns), (pool) => {
    const container = containerAt(series, pool.peer);
    // Public addresses on one port are different services more often than not.
    if (container === undefined && !isPrivate(pool.peer)) return undefined;
    // The image separates groups. It joins none: containers of one image may be the cache, the sessions and the queue.
    const what = container === undefined ? '' : (serviceOf(container) ?? container.declared?.image);
    return `${holderKey(pool.member)} ${pool.port} ${what}`;
  });
  return [...groups.values()].map((pools) => {
    const [first] = pools as [Pool];
    const service = serviceAt(series, first.peer);
    const counts = new Map(
      pools.map((pool) => [pool.peer, pool.snapshots.map((snapshot) => establishedIn(snapshot).length)]),
    );
    if (service !== undefined) addIdleInstances(counts, service, first, series);
    return { service, port: first.port, pools, counts };
  });
}

/** Instances that the process has no connection to at all, on the networks of those that it has. */
function addIdleInstances(counts: Map<string, number[]>, service: string, { snapshots }: Pool, { containers }: Series) {
  const seen = new Set(counts.keys());
  const networks = new Set(
    containers.flatMap(({ addresses }) =>
      addresses.filter(({ address }) => seen.has(address)).map(({ network }) => network),
    ),
  );
  for (const container of containers) {
    if (serviceOf(container) !== service || container.addresses.some(({ address }) => seen.has(address))) continue;
    const reachable = container.addresses.find(({ network }) => networks.has(network));
    if (reachable !== undefined)
      counts.set(
        reachable.address,
        snapshots.map(() => 0),
      );
  }
}

function serviceAt(series: Series, plain: string): string | undefined {
  const container = containerAt(series, plain);
  return container === undefined ? undefined : serviceOf(container);
}

/** How connections lie over the instances at one snapshot. */
interface Spread {
  total: number;
  most: number;
  least: number;
  mean: number;
}

function spread(counts: ReadonlyMap<string, readonly number[]>, snapshot: number): Spread {
  const now = [...counts.values()].map((bySnapshot) => bySnapshot[snapshot] ?? 0);
  const total = now.reduce((sum, count) => sum + count, 0);
  return { total, most: Math.max(...now), least: Math.min(...now), mean: total / now.length };
}

function isUneven({ total, most, least, mean }: Spread, values: Values): boolean {
  return total >= values.connections && (most > values.factor * mean || least === 0);
}
