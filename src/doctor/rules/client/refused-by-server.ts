import type { Fix } from '../../../model/finding/finding.ts';
import type { ClosedGroup } from '../../../model/sample/closed-group.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { type ClosedAt, closedClients, eventsLost, mainHolder, sumOf } from '../../clients/closed-connections.ts';
import { perNamespace } from '../../per-scope.ts';
import { capFixes } from '../../pools/pool-stacks.ts';
import { filterOf, poolsOf } from '../../pools/pools.ts';
import type { Database } from '../../pools/servers.ts';
import { serverAt } from '../../pools/servers.ts';
import { heldByServer, recommendedCap, sharersOf } from '../../pools/shared-endpoints.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';

const settings = {
  windowMs: { default: 10_000, unit: 'ms', text: 'window in which refusals are counted' },
  warning: { default: 10, unit: 'count', text: 'refusals within it' },
  critical: { default: 100, unit: 'count', text: 'refusals within it' },
  fullShare: { default: 0.8, unit: 'share', text: "of the server's limit in use that makes any refusal critical" },
  deployFactor: { default: 1, unit: 'share', text: 'instances during a deployment, as a multiple (recommended caps)' },
  reserve: { default: 0.1, unit: 'share', text: "of the server's limit kept for others (recommended caps)" },
} as const;

type Values = SettingValues<typeof settings>;

/** Connections that a database takes, answers with a short error, and closes: its limit, not the network's. */
export const refusedByServer = rule({
  name: 'REFUSED_BY_SERVER',
  title: 'Connections that the database refuses after a short greeting: too many connections',
  settings,
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, input: RuleInput, values: Values): Fault[] {
  const { series } = input;
  return [...closedClients(netns).values()].flatMap((closed) => {
    const [first] = closed;
    if (first === undefined) return [];
    const { peerAddress: peer, peerPort: port } = first.group;
    const { text, database, declaredCap, declaredLimit } = serverAt(input, netns.namespace, peer, port);
    // Any short exchange looks like a refusal: only what is known to be a database is judged.
    if (database === undefined && declaredLimit === undefined && declaredCap === undefined) return [];
    const refused = closed.map(({ atMs, group }) => ({ atMs, count: refusedIn(group, database) }));
    const most = mostWithin(refused, values.windowMs);
    if (most < values.warning) return [];
    const limit = declaredLimit ?? database?.stockLimit;
    const inUse = connectionsTo(series, netns, peer, port);
    const full = limit !== undefined && inUse >= values.fullShare * limit;
    const all = refused.reduce((sum, { count }) => sum + count, 0);
    const holder = holderOf(netns, closed, peer, port);
    return {
      severity: most >= values.critical || full ? 'critical' : 'warning',
      confidence: full ? 'high' : 'medium',
      holder,
      summary: `${all} connections to ${text} were accepted, answered with a few dozen bytes and closed at once: ${database?.name ?? 'the server'} refused them, the network did not (probably ${database?.refusal ?? 'too many connections'})`,
      evidence: [
        { what: `connections to ${text} closed after a short greeting`, value: all, source: 'destroy events' },
        { what: `maximum within ${values.windowMs / 1000} s`, value: most, source: 'destroy events' },
        {
          what: 'of all closed connections to it',
          value: sumOf(closed, ({ count }) => count),
          source: 'destroy events',
        },
        { what: 'connections to it, the maximum of each process', value: inUse, source: 'sock_diag' },
        ...(limit === undefined
          ? []
          : [
              {
                what:
                  declaredLimit === undefined
                    ? `assumed default ${database?.limitSetting} (not measured)`
                    : "the server's limit",
                value: limit,
                source: declaredLimit === undefined ? `manual of ${database?.name}` : '--server-limit',
              },
            ]),
        ...(eventsLost(netns) === 0
          ? []
          : [
              {
                what: 'times that events were lost (counts are lower bounds)',
                value: eventsLost(netns),
                source: 'netlink',
              },
            ]),
      ],
      fixes: fixesFor(database, limit, declaredCap, holder.process?.name, sharersTo(series, netns, peer, port), values),
      byHand: (target) => `socklens events ${target} '${filterOf({ peer, port })}' --for 10s`,
      about: `peer ${text}`,
    };
  });
}

/** Where the server speaks first, an accepted client must have sent its login; a probe or a refused one has not. */
function refusedIn({ greetedOnly, silent }: ClosedGroup, database: Database | undefined): number {
  return database?.speaksFirst === false ? greetedOnly : silent;
}

/** The largest sum within any window of the given length. */
function mostWithin(amounts: readonly { atMs: number; count: number }[], windowMs: number): number {
  const ordered = amounts.toSorted((a, b) => a.atMs - b.atMs);
  let most = 0;
  let sum = 0;
  let from = 0;
  for (const { atMs, count } of ordered) {
    sum += count;
    while (atMs - (ordered[from]?.atMs ?? atMs) >= windowMs) sum -= ordered[from++]?.count ?? 0;
    most = Math.max(most, sum);
  }
  return most;
}

/** By the server itself where it is watched, else by the clients that are. */
function connectionsTo(series: Series, netns: NetnsSeries, peer: string, port: number): number {
  const clients = sharersTo(series, netns, peer, port)?.peak ?? 0;
  return Math.max(clients, heldByServer(series, peer, port) ?? 0);
}

function sharersTo(series: Series, netns: NetnsSeries, peer: string, port: number) {
  const pool = poolsOf(netns).find((candidate) => candidate.peer === peer && candidate.port === port);
  return pool === undefined ? undefined : sharersOf(series, pool);
}

/** A connection open for milliseconds is in no snapshot; its holder is then the only process with a pool to the endpoint. */
function holderOf(netns: NetnsSeries, closed: readonly ClosedAt[], peer: string, port: number) {
  const holder = mainHolder(closed);
  if (holder.process !== undefined) return holder;
  const [pool, ...others] = poolsOf(netns).filter((candidate) => candidate.peer === peer && candidate.port === port);
  return pool === undefined || others.length > 0 ? holder : pool.member;
}

function fixesFor(
  database: Database | undefined,
  limit: number | undefined,
  declaredCap: number | undefined,
  program: string | undefined,
  shared: ReturnType<typeof sharersTo>,
  values: Values,
): Fix[] {
  const setting = database?.limitSetting ?? 'its limit of connections';
  const server: Fix = {
    where: database?.name ?? 'the server',
    text: `raise ${setting} only when its memory allows it; a pooler (ProxySQL, PgBouncer) shares few connections among many clients`,
    ...(database?.name === 'MySQL' && { snippet: "SHOW STATUS LIKE 'Connection_errors_max_connections';" }),
  };
  if (limit === undefined) return [server];
  const fitting = recommendedCap({
    limit,
    reserved: database?.reserved ?? 0,
    processes: shared?.processes ?? 1,
    deployFactor: values.deployFactor,
    reserveShare: values.reserve,
  });
  return [...capFixes({ program, database }, Math.min(fitting, declaredCap ?? fitting)), server];
}
