import type { Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import {
  type ClosedAt,
  closedClients,
  eventsLost,
  mainHolder,
  mostWithin,
  sumOf,
} from '../../clients/closed-connections.ts';
import { clientsText } from '../../listeners/held-by.ts';
import { resetsFrom } from '../../packets/packet-evidence.ts';
import { endpointKey } from '../../peers/endpoints.ts';
import { serverOf } from '../../peers/server-of.ts';
import { perNamespace } from '../../per-scope.ts';
import { capAdvice } from '../../pools/cap-advice.ts';
import { heldByServer, mostHeld } from '../../pools/held.ts';
import { mainPool, namingOwner, pooledClients } from '../../pools/main-pool.ts';
import { filterOf, poolsOf } from '../../pools/pools.ts';
import { refusalPoint } from '../../pools/refusal-point.ts';
import { refusedIn } from '../../pools/refusals.ts';
import { withServerFix } from '../../pools/server-fix.ts';
import { isProved, serverLimitOf } from '../../pools/server-limit.ts';
import { serverAt } from '../../pools/servers.ts';
import { sharedEndpoints } from '../../pools/shared-endpoints.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';

const settings = {
  windowMs: { default: 10_000, unit: 'ms', text: 'window in which refusals are counted' },
  warning: { default: 10, unit: 'count', text: 'refusals within it' },
  critical: { default: 100, unit: 'count', text: 'refusals within it' },
  fullShare: { default: 0.8, unit: 'share', text: "of the server's limit in use that makes any refusal critical" },
  farBelow: {
    default: 0.5,
    unit: 'share',
    text: "of the server's proved limit in use, below which it refuses something else",
  },
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
    const server = serverAt(input, netns, peer, port);
    const { text, database, declaredCap, declaredLimit } = server;
    // Any short exchange looks like a refusal: only what is known to be a database is judged.
    if (database === undefined && declaredLimit === undefined && declaredCap === undefined) return [];
    const refused = closed.map(({ atMs, group }) => ({ atMs, count: refusedIn(group, database) }));
    const most = mostWithin(refused, values.windowMs);
    if (most < values.warning) return [];
    const endpoint = sharedEndpoints(series).get(endpointKey(series, netns.namespace, peer, port));
    // Who is refused need not be who holds the connections.
    const main = endpoint && mainPool(endpoint);
    const pool = main?.pool ?? poolsOf(netns).find((candidate) => candidate.peer === peer && candidate.port === port);
    const limit = serverLimitOf(input, netns, peer, port, server);
    const end = { series, from: netns, plain: peer, port, database };
    const point = refusalPoint(end);
    const inUse = mostHeld(end);
    // A server that is watched and holds none has refused for another reason than its limit.
    if (inUse === 0 && heldByServer(end)?.every(({ unsure }) => unsure === 0)) return [];
    const full = limit !== undefined && inUse >= values.fullShare * limit.connections;
    const all = refused.reduce((sum, { count }) => sum + count, 0);
    // Far below its limit it refuses something else.
    const isLogin = limit !== undefined && isProved(limit) && inUse < limit.connections * values.farBelow;
    return {
      severity: most >= values.critical || full ? 'critical' : 'warning',
      confidence: full ? 'high' : 'medium',
      holder: holderOf(netns, closed, peer, port),
      ...(isLogin && { title: LOGIN_TITLE }),
      summary: `${all} connections to ${text} were accepted, answered with a few dozen bytes and closed at once: ${database?.name ?? 'the server'} refused them, the network did not (${
        isLogin
          ? `not for its limit, of which ${inUse} of ${limit.connections} are in use: probably the login`
          : `probably ${database?.refusal ?? 'too many connections'}`
      })`,
      evidence: [
        { what: `connections to ${text} closed after a short greeting`, value: all, source: 'destroy events' },
        { what: `maximum within ${values.windowMs / 1000} s`, value: most, source: 'destroy events' },
        {
          what: 'of all closed connections to it',
          value: sumOf(closed, ({ count }) => count),
          source: 'destroy events',
        },
        { what: 'connections to it, the maximum over the snapshots', value: inUse, source: 'sock_diag' },
        ...(endpoint === undefined
          ? []
          : [{ what: 'who holds them', value: clientsText(pooledClients(endpoint)), source: 'sock_diag' }]),
        ...resetsFrom(series, netns, peer, port),
        ...(limit === undefined ? [] : [limit.evidence]),
        ...(isProved(limit) || point === undefined
          ? []
          : [
              {
                what: `connections that it had let in while it refused more (its limit is ${point.held} or above)`,
                value: point.held,
                source: 'sock_diag',
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
      fixes: isLogin
        ? [loginFix(database?.name)]
        : withServerFix(
            server,
            pool === undefined ? [] : namingOwner(capAdvice(input, pool, server, values).fixes, main?.owner),
          ),
      byHand: (target) => `socklens events ${target} '${filterOf({ peer, port })}' --for 10s`,
      sinceMs: refused.find(({ count }) => count > 0)?.atMs,
      about: `peer ${text}`,
      ...serverOf(series, netns, peer, port),
    };
  });
}

const LOGIN_TITLE = 'Connections that the database refuses after a short greeting, far below its limit';

function loginFix(name: string | undefined): Fix {
  return {
    where: 'the application',
    text: `${name ?? 'the server'} refuses the login itself: the error that the client gets, and the log of the server, say why (a password or user that was changed, a database that does not exist, a rule of access such as pg_hba.conf, a host that is blocked); correct that, and let the client wait between its attempts. More connections change nothing`,
  };
}

/** A connection open for milliseconds is in no snapshot; its holder is then the only process with a pool to the endpoint. */
function holderOf(netns: NetnsSeries, closed: readonly ClosedAt[], peer: string, port: number) {
  const holder = mainHolder(closed);
  if (holder.process !== undefined) return holder;
  const [pool, ...others] = poolsOf(netns).filter((candidate) => candidate.peer === peer && candidate.port === port);
  return pool === undefined || others.length > 0 ? holder : pool.member;
}
