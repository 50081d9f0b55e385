import { formatEndpoint } from '../../../base/endpoint-text.ts';
import { IDLE_FLOOR } from '../../../model/finding/evidence-words.ts';
import type { Evidence } from '../../../model/finding/finding.ts';
import { isNeverCapped, stackEvidence } from '../../fixes/pool-fixes.ts';
import { perPool } from '../../per-scope.ts';
import { type CapAdvice, capAdvice, capFixesOf } from '../../pools/cap-advice.ts';
import { type CountAt, type FloorReturn, floorReturns } from '../../pools/idle-floor.ts';
import { countsOf, countsText, filterOf, type Pool, peakOf } from '../../pools/pools.ts';
import { isProxy } from '../../pools/proxies.ts';
import { closedAfterUse, rememberedCloses } from '../../pools/reopened.ts';
import { isProved, serverLimitOf } from '../../pools/server-limit.ts';
import { type Server, serverAt } from '../../pools/servers.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { lastProcess } from '../../snapshots/snapshots.ts';
import { spanOf } from '../../snapshots/windows.ts';
import { stackOf } from '../../stacks/stack-of.ts';

const settings = {
  factor: { default: 1.5, unit: 'share', text: 'a peak is at least this multiple of the floor' },
  floorMs: { default: 3_000, unit: 'ms', text: 'how long the floor must be flat' },
  tolerance: { default: 0.1, unit: 'share', text: 'how far from its level a flat count may be' },
  minimumPeak: {
    default: 20,
    unit: 'count',
    text: 'lowest peak that counts: a small pool with a little overflow looks the same',
  },
  reopenedShare: {
    default: 0.5,
    unit: 'share',
    text: 'of the fall, closed beyond it (a pool that only shrinks reopens few)',
  },
  reopened: { default: 10, unit: 'count', text: 'connections closed during the peak beyond those that it fell by' },
  deployFactor: { default: 1, unit: 'share', text: 'instances during a deployment, as a multiple (recommended caps)' },
  reserve: { default: 0.1, unit: 'share', text: "of the server's limit kept for others (recommended caps)" },
} as const;

type Values = SettingValues<typeof settings>;

/** A floor of fewer says nothing. */
const MINIMUM_FLOOR = 5;

/** So many times as many closed as are kept, or are open: they were opened again and again. */
const RETURNED = 2;

/** Share of a server's limit that makes refusals likely. */
const FULL = 0.8;

/** A pool that bounds its idle connections and not its open ones: the founding fault. */
export const poolIdleCapOnly = rule({
  name: 'POOL_IDLE_CAP_ONLY',
  title: 'A pool with an idle cap and without an open cap',
  settings,
  // The floor, and a snapshot of the peak before it.
  needsMs: ({ floorMs }) => floorMs + 1_000,
  needsSnapshots: () => 3,
  judge: perPool(ofPool),
});

/** How a pool showed that it caps its idle connections and not its open ones. */
interface Shape {
  /** As the rest of a sentence. */
  text: string;
  /** The idle cap; undefined where it was not seen. */
  floor: number | undefined;
  highest: number;
  isSure: boolean;
  /** When it was first seen, milliseconds since the epoch; absent where it began before the first snapshot. */
  sinceMs?: number | undefined;
  evidence: readonly Evidence[];
}

function ofPool(pool: Pool, input: RuleInput, values: Values): Fault | undefined {
  const { netns, member, peer, port } = pool;
  if (isProxy(member.process?.name)) return undefined;
  const server = serverAt(input, netns, peer, port);
  const { text, declaredCap: cap } = server;
  const owner = { stack: stackOf(input.series, member.process), database: server.database };
  const neverCapped = isNeverCapped(owner);
  const counts = countsOf(pool);
  const shape =
    fallenBack(pool, counts, input, values) ??
    remembered(pool, counts, server, neverCapped, input, values) ??
    (neverCapped ? busy(pool, counts, input, values) : undefined);
  // A pool that stays within its declared cap has one.
  if (shape === undefined || (cap !== undefined && shape.highest <= cap)) return undefined;
  const advice = capAdvice(input, pool, server, values);
  const meant = meantCap(server, advice, shape.floor);
  return {
    severity: 'warning',
    confidence: shape.isSure || neverCapped ? 'high' : 'medium',
    summary: `the pool to ${text} has an idle cap without an open cap: ${shape.text}`,
    evidence: [
      ...shape.evidence,
      {
        what: 'connections in each snapshot, and the peaks between them',
        value: countsText(counts.map(({ count }) => count)),
        source: 'sock_diag, connection events',
      },
      ...stackEvidence(owner),
      ...(cap === undefined ? [] : [{ what: 'declared cap', value: cap, source: '--pool' } satisfies Evidence]),
    ],
    fixes: capFixesOf(input, pool, server, advice, meant),
    sinceMs: shape.sinceMs,
    // The shape shows only while load rises and falls; that it stays within its cap shows at once.
    ...(meant !== undefined && { verifyWith: `--pool ${formatEndpoint(peer, port)}=${meant} --rule POOL_OVERRUN` }),
    byHand: (target) => `socklens watch ${target} '${filterOf(pool)}' --by process,state`,
    about: `peer ${text}`,
  };
}

/** A peak, and a flat floor after it, with more closed than the fall. */
function fallenBack(pool: Pool, counts: readonly CountAt[], { series }: RuleInput, values: Values): Shape | undefined {
  const closesIn = ({ peakFrom, floorFrom }: FloorReturn) =>
    closedAfterUse(series, pool, counts[peakFrom]?.atMs ?? 0, counts[floorFrom]?.atMs ?? 0);
  const returns = floorReturns(counts, { ...values, minimumFloor: 1 }).filter(
    (found) => found.peak >= values.minimumPeak && closesIn(found) - fallOf(found) >= reopenedBy(found, values),
  );
  const last = returns.at(-1);
  if (last === undefined) return undefined;
  const { floor } = last;
  const highest = Math.max(...returns.map(({ peak }) => peak));
  const same = returns.filter((found) => Math.abs(found.floor - floor) <= floor * values.tolerance);
  return {
    text: `it rose to ${highest} connections and fell back to a flat ${floor}`,
    floor,
    highest,
    isSure: same.length > 1,
    sinceMs: pool.snapshots[returns[0]?.peakFrom ?? 0]?.atMs,
    evidence: [
      { what: 'established connections to it, the highest peak', value: highest, source: 'sock_diag' },
      { what: IDLE_FLOOR, value: floor, source: 'sock_diag' },
      { what: 'peaks that fell back to this floor', value: same.length, source: 'sock_diag' },
      {
        what: 'closed after use, until the floor',
        value: returns.reduce((sum, found) => sum + closesIn(found), 0),
        source: 'destroy events, sock_diag, TIME_WAIT entries',
      },
    ],
  };
}

/**
 * After a load: a flat count, and more connections closed by this side within the last minute than can have been open at
 * once, so that they were opened again and again while the floor stayed.
 */
function remembered(
  pool: Pool,
  counts: readonly CountAt[],
  server: Server,
  neverCapped: boolean,
  input: RuleInput,
  values: Values,
): Shape | undefined {
  const { series } = input;
  const floor = counts.at(-1)?.count ?? 0;
  // The end of the load may be in the first of them.
  const fallen = counts.findLastIndex(({ count }) => Math.abs(count - floor) > floor * values.tolerance);
  if (floor < MINIMUM_FLOOR || spanOf(counts.slice(fallen + 1)) < values.floorMs) return undefined;
  const closed = rememberedCloses(series, pool, counts.at(-1)?.atMs ?? 0);
  const limit = serverLimitOf(input, pool.netns, pool.peer, pool.port, server);
  // At its limit the server refuses, and what it refused was closed too.
  if (!neverCapped && (!isProved(limit) || floor >= FULL * limit.connections)) return undefined;
  const atOnce = Math.min(
    lastProcess(pool.netns, pool.member.process?.pid)?.softLimit ?? Number.POSITIVE_INFINITY,
    isProved(limit) ? limit.connections : Number.POSITIVE_INFINITY,
  );
  if (closed < values.minimumPeak || closed <= (neverCapped ? RETURNED * floor : atOnce)) return undefined;
  return {
    text: `a flat ${floor} are left of a load in which it opened and closed ${closed} within a minute`,
    floor,
    highest: closed,
    isSure: neverCapped,
    evidence: [
      { what: IDLE_FLOOR, value: floor, source: 'sock_diag' },
      { what: 'closed by this side within the last minute', value: closed, source: 'TIME_WAIT entries' },
      ...(Number.isFinite(atOnce)
        ? [
            {
              what: 'the most that can be open at once',
              value: atOnce,
              source: '/proc/PID/limits, limit of the server',
            },
          ]
        : []),
    ],
  };
}

/** During a load, for a program that is proven not to cap its pool: it closes what it gives back, because the idle slots are taken. */
function busy(pool: Pool, counts: readonly CountAt[], { series }: RuleInput, values: Values): Shape | undefined {
  const [first] = pool.snapshots;
  const last = pool.snapshots.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const highest = peakOf(pool);
  const lowest = Math.min(...counts.map(({ count }) => count));
  const closed = closedAfterUse(series, pool, first.atMs, last.atMs);
  if (highest < values.minimumPeak || lowest === 0 || closed < RETURNED * highest) return undefined;
  return {
    text: `it holds up to ${highest} connections, and closed ${closed} after use instead of keeping them`,
    floor: undefined,
    highest,
    isSure: true,
    evidence: [
      { what: 'established connections to it, the highest peak', value: highest, source: 'sock_diag' },
      { what: 'the fewest in a snapshot', value: lowest, source: 'sock_diag' },
      { what: 'closed after use', value: closed, source: 'destroy events, sock_diag, TIME_WAIT entries' },
    ],
  };
}

/** The idle cap that was meant as the cap, unless all pools together are known to need a lower one; undefined where neither is known. */
function meantCap({ declaredCap }: Server, { cap }: CapAdvice, floor: number | undefined): number | undefined {
  const meant = declaredCap ?? floor;
  return meant === undefined ? cap : Math.min(meant, cap ?? Number.POSITIVE_INFINITY);
}

/** Connections that must have been closed and reopened for no shrinking to explain it. */
function reopenedBy(found: FloorReturn, { reopened, reopenedShare }: Values): number {
  return Math.max(reopened, reopenedShare * fallOf(found));
}

function fallOf({ peak, floor }: FloorReturn): number {
  return peak - floor;
}
