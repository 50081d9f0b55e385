import { plural } from '../../../base/plural.ts';
import type { Finding } from '../../../model/finding/finding.ts';
import { perPool } from '../../per-scope.ts';
import { capFixes, isProxy } from '../../pools/pool-stacks.ts';
import { countsText, filterOf, type Pool, peakOf } from '../../pools/pools.ts';
import { type Server, serverAt } from '../../pools/servers.ts';
import { recommendedCap, sharersOf } from '../../pools/shared-endpoints.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';

const settings = {
  serverShare: { default: 0.8, unit: 'share', text: "of a process's part of the server's declared limit" },
  stock: {
    default: 100,
    unit: 'count',
    text: 'connections of one process to a database about which nothing is declared',
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
  measure: { what: string; value: number; source: string };
  cap: number;
}

function ofPool(pool: Pool, input: RuleInput, values: Values): Fault | undefined {
  const { netns, member, peer, port } = pool;
  const server = serverAt(input, netns.namespace, peer, port);
  const overrun = overrunOf(pool, server, input, values);
  if (overrun === undefined) return undefined;
  const { text, database } = server;
  const counts = pool.snapshots.map(({ sockets }) => sockets.length);
  return {
    severity: overrun.severity,
    confidence: overrun.confidence,
    summary: `${plural(peakOf(pool), 'connection')} of one process to ${text}: ${overrun.because}`,
    evidence: [
      { what: `connections to ${text}, maximum over the snapshots`, value: peakOf(pool), source: 'sock_diag' },
      overrun.measure,
      { what: 'count in each snapshot', value: countsText(counts), source: 'sock_diag' },
    ],
    fixes: capFixes({ program: member.process?.name, database }, overrun.cap),
    byHand: (target) => `socklens ls ${target} '${filterOf(pool)}' --by process,state`,
    about: `peer ${text}`,
  };
}

function overrunOf(pool: Pool, server: Server, { series }: RuleInput, values: Values): Overrun | undefined {
  const peak = peakOf(pool);
  const { declaredCap: cap } = server;
  if (cap !== undefined) {
    if (peak <= cap) return undefined;
    return {
      because: `its declared cap is ${cap}`,
      severity: 'critical',
      confidence: 'high',
      cap,
      measure: { what: 'declared cap', value: cap, source: '--pool' },
    };
  }
  if (isProxy(pool.member.process?.name)) return undefined;
  const processes = sharersOf(series, pool)?.processes ?? 1;
  return againstServer(server, peak, processes, values) ?? againstHistory(pool, peak, values);
}

/** Against the limit that all clients share: the declared one, else the default of the database. */
function againstServer(
  { database, declaredLimit: limit }: Server,
  peak: number,
  processes: number,
  values: Values,
): Overrun | undefined {
  const sharing = { processes, deployFactor: values.deployFactor, reserveShare: values.reserve };
  const reserved = database?.reserved ?? 0;
  if (limit !== undefined) {
    if (peak < (values.serverShare * limit) / processes) return undefined;
    return {
      because: `the server accepts ${limit} from ${processes === 1 ? 'the one process that uses it' : `all ${processes} processes that share it`}`,
      severity: 'warning',
      confidence: 'high',
      cap: recommendedCap({ limit, reserved, ...sharing }),
      measure: { what: "the server's limit", value: limit, source: '--server-limit' },
    };
  }
  if (database === undefined || peak < values.stock) return undefined;
  const { name, limitSetting, stockLimit } = database;
  return {
    because: `${name} accepts ${stockLimit} from all clients by default (assumed, not measured)`,
    severity: 'warning',
    confidence: 'medium',
    cap: recommendedCap({ limit: stockLimit, reserved, ...sharing }),
    measure: { what: `assumed default ${limitSetting} (not measured)`, value: stockLimit, source: `manual of ${name}` },
  };
}

/** Against itself: a pool that fills up for the first time has no history yet. */
function againstHistory({ snapshots }: Pool, peak: number, values: Values): Overrun | undefined {
  const span = (snapshots.at(-1)?.atMs ?? 0) - (snapshots[0]?.atMs ?? 0);
  if (span < values.historyMs || peak < values.historyMinimum) return undefined;
  const counts = snapshots.map(({ sockets }) => sockets.length).sort((a, b) => a - b);
  const median = counts[Math.floor(counts.length / 2)] ?? 0;
  if (median === 0 || peak < values.historyFactor * median) return undefined;
  return {
    because: `its median is ${median}`,
    severity: 'warning',
    confidence: 'low',
    cap: median,
    measure: { what: 'median of the snapshots', value: median, source: 'sock_diag' },
  };
}
