import { plural } from '../../../base/plural.ts';
import type { Evidence, Finding, Fix } from '../../../model/finding/finding.ts';
import { capFixes, isNeverCapped, type PoolOwner, stackEvidence } from '../../fixes/pool-fixes.ts';
import { perPool } from '../../per-scope.ts';
import { capAdvice, sharersEvidence } from '../../pools/cap-advice.ts';
import { countsText, filterOf, firstAbove, type Pool, peakOf } from '../../pools/pools.ts';
import { isProxy } from '../../pools/proxies.ts';
import { withServerFix } from '../../pools/server-fix.ts';
import { isProved, serverLimitOf } from '../../pools/server-limit.ts';
import { type Server, serverAt } from '../../pools/servers.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { covers, spanOf } from '../../snapshots/windows.ts';
import { stackOf } from '../../stacks/stack-of.ts';

const settings = {
  serverShare: { default: 0.8, unit: 'share', text: "of a process's part of the server's declared limit" },
  stock: {
    default: 100,
    unit: 'count',
    text: 'connections of one process to a database about which nothing is declared',
  },
  stockOf: {
    default: 1000,
    unit: 'count',
    text: 'assumed limit up to which that holds; with a higher one it grows (Redis takes 10,000)',
  },
  historyMs: { default: 600_000, unit: 'ms', text: 'how long a pool must be observed to be compared with itself' },
  historyFactor: { default: 2, unit: 'share', text: 'multiple of its own median' },
  historyMinimum: { default: 30, unit: 'count', text: 'fewest connections to compare with its own median' },
  deployFactor: { default: 1, unit: 'share', text: 'instances during a deployment, as a multiple (recommended caps)' },
  reserve: { default: 0.1, unit: 'share', text: "of the server's limit kept for others (recommended caps)" },
} as const;

type Values = SettingValues<typeof settings>;

/** A process that holds more connections to one endpoint than its pool should allow. */
export const poolOverrun = rule({
  name: 'POOL_OVERRUN',
  title: 'A pool with more connections than its cap or its share of the server',
  settings,
  judge: perPool(ofPool),
});

/** Why a pool is too large, and the cap that it should have. */
interface Overrun {
  because: string;
  confidence: Finding['confidence'];
  severity: Finding['severity'];
  measures: readonly Evidence[];
  fixes: readonly Fix[];
}

function ofPool(pool: Pool, input: RuleInput, values: Values): Fault | undefined {
  const { netns, peer, port } = pool;
  const server = serverAt(input, netns, peer, port);
  const overrun = overrunOf(pool, server, input, values);
  if (overrun === undefined) return undefined;
  const owner = ownerOf(input, pool, server);
  const { text } = server;
  const counts = pool.snapshots.map(({ sockets }) => sockets.length);
  return {
    severity: overrun.severity,
    // Nothing else than a missing cap explains it then.
    confidence: isNeverCapped(owner) ? 'high' : overrun.confidence,
    summary: `${plural(peakOf(pool), 'connection')} of one process to ${text}: ${overrun.because}`,
    evidence: [
      { what: `connections to ${text}, maximum over the snapshots`, value: peakOf(pool), source: 'sock_diag' },
      ...overrun.measures,
      ...stackEvidence(owner),
      { what: 'count in each snapshot', value: countsText(counts), source: 'sock_diag' },
    ],
    fixes: overrun.fixes,
    ...(server.declaredCap !== undefined && { sinceMs: firstAbove(pool, server.declaredCap) }),
    byHand: (target) => `socklens ls ${target} '${filterOf(pool)}' --by process,state`,
    about: `peer ${text}`,
  };
}

/** Asked for where something is wrong: what a program is, is looked at only then. */
function ownerOf({ series }: RuleInput, { member }: Pool, { database }: Server): PoolOwner {
  return { stack: stackOf(series, member.process), database };
}

function overrunOf(pool: Pool, server: Server, input: RuleInput, values: Values): Overrun | undefined {
  const peak = peakOf(pool);
  const { declaredCap: cap } = server;
  if (cap !== undefined) {
    if (peak <= cap) return undefined;
    return {
      because: `its declared cap is ${cap}`,
      severity: 'critical',
      confidence: 'high',
      measures: [{ what: 'declared cap', value: cap, source: '--pool' }],
      // All pools together may be known to need a lower one.
      fixes: capFixes(ownerOf(input, pool, server), capAdvice(input, pool, server, values).cap ?? cap),
    };
  }
  if (isProxy(pool.member.process?.name)) return undefined;
  return againstServer(pool, server, input, values) ?? againstHistory(pool, server, input, values);
}

/** Against the limit that all clients share: a proved one, else the assumed default of the database. */
function againstServer(pool: Pool, server: Server, input: RuleInput, values: Values): Overrun | undefined {
  const peak = peakOf(pool);
  const { database } = server;
  const limit = serverLimitOf(input, pool.netns, pool.peer, pool.port, server);
  // What a server was seen to refuse is REFUSED_BY_SERVER's, with the same numbers.
  if (limit === undefined || limit.proof === 'refused') return undefined;
  const { sharers, fixes } = capAdvice(input, pool, server, values);
  const { processes } = sharers;
  const measures = [limit.evidence, sharersEvidence(sharers)];
  if (isProved(limit)) {
    const { connections } = limit;
    if (peak < (values.serverShare * connections) / processes) return undefined;
    return {
      because: `the server accepts ${connections} from ${processes === 1 ? 'the one process that uses it' : `all ${processes} processes that share it`}`,
      severity: 'warning',
      confidence: 'high',
      measures,
      fixes: server.pooler === undefined ? fixes : withServerFix(server, fixes),
    };
  }
  if (database === undefined || peak < values.stock * Math.max(1, limit.connections / values.stockOf)) return undefined;
  return {
    because: `${database.name} accepts ${limit.connections} from all clients by default (assumed, not measured)`,
    severity: 'warning',
    confidence: 'medium',
    measures,
    fixes,
  };
}

/** Against itself: a pool that fills up for the first time has no history yet. */
function againstHistory(pool: Pool, server: Server, input: RuleInput, values: Values): Overrun | undefined {
  const { snapshots } = pool;
  const peak = peakOf(pool);
  if (!covers(spanOf(snapshots), values.historyMs) || peak < values.historyMinimum) return undefined;
  const counts = snapshots.map(({ sockets }) => sockets.length).sort((a, b) => a - b);
  const median = counts[Math.floor(counts.length / 2)] ?? 0;
  if (median === 0 || peak < values.historyFactor * median) return undefined;
  return {
    because: `its median is ${median}`,
    severity: 'warning',
    confidence: 'low',
    measures: [{ what: 'median of the snapshots', value: median, source: 'sock_diag' }],
    fixes: capFixes(ownerOf(input, pool, server), median),
  };
}
