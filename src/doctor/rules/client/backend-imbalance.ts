import { byName } from '../../../base/by-name.ts';
import { grouped } from '../../../base/lists.ts';
import { serviceOf } from '../../../model/container/service.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { containersAt, isPrivate } from '../../peers/endpoints.ts';
import { servingContainer } from '../../peers/serving-container.ts';
import { perNamespace } from '../../per-scope.ts';
import { establishedIn, type Pool, poolsOf } from '../../pools/pools.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { holderKey } from '../../scopes.ts';

const settings = {
  backends: { default: 3, unit: 'count', text: 'fewest addresses that count as a balanced service' },
  connections: { default: 20, unit: 'count', text: 'fewest connections that say anything' },
  factor: { default: 2, unit: 'share', text: 'multiple of the mean that is too much for one address' },
  looks: { default: 3, unit: 'count', text: 'last snapshots that must each show it' },
  settleMs: {
    default: 60_000,
    unit: 'ms',
    text: 'time after an instance lost all its connections before the spread is judged',
  },
} as const;

type Values = SettingValues<typeof settings>;

/** One process whose connections to the instances of a service are spread unevenly. */
export const backendImbalance = rule({
  name: 'BACKEND_IMBALANCE',
  title: 'Connections to the instances of one service are spread unevenly',
  settings,
  needsSnapshots: ({ looks }) => looks,
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
    if (pools.some((pool) => isSettling(pool, values.settleMs))) return [];
    const shown = Array.from({ length: values.looks }, (_, back) => spread(counts, snapshots - 1 - back));
    if (!shown.every((snapshot) => isUneven(snapshot, values))) return [];
    const { total, most, least, mean } = shown[0] as Spread;
    const names = [...counts]
      .map(([address, bySnapshot]) => `${series.names.host(address) ?? address} ${bySnapshot.at(-1)}`)
      .sort(byName);
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
    const container = servingContainer(series, netns, pool.peer, pool.port);
    const there = container === undefined ? containersAt(series, pool.peer) : [container];
    // Public addresses on one port are different services more often than not.
    if (there.length === 0 && !isPrivate(pool.peer)) return undefined;
    // The image separates groups. It joins none: containers of one image may be the cache, the sessions and the queue.
    const what = there.map((each) => serviceOf(each)?.key ?? each.declared?.image).join();
    return `${holderKey(pool.member)} ${pool.port} ${what}`;
  });
  return [...groups.values()].map((pools) => {
    const [first] = pools as [Pool];
    const service = serviceAt(series, netns, first);
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
    if (serviceOf(container)?.key !== service || container.addresses.some(({ address }) => seen.has(address))) continue;
    const reachable = container.addresses.find(({ network }) => networks.has(network));
    if (reachable !== undefined)
      counts.set(
        reachable.address,
        snapshots.map(() => 0),
      );
  }
}

function serviceAt(series: Series, netns: NetnsSeries, { peer, port }: Pool): string | undefined {
  const container = servingContainer(series, netns, peer, port);
  return container === undefined ? undefined : serviceOf(container)?.key;
}

/** Whether an instance lost all connections a moment ago: one that restarts, or is replaced, is found again connection by connection. */
function isSettling({ snapshots }: Pool, settleMs: number): boolean {
  const counts = snapshots.map((snapshot) => establishedIn(snapshot).length);
  const lost = counts.findLastIndex((count, index) => count === 0 && (counts[index - 1] ?? 0) > 0);
  const [lostAt, last] = [snapshots[lost], snapshots.at(-1)];
  return lostAt !== undefined && last !== undefined && last.atMs - lostAt.atMs < settleMs;
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
