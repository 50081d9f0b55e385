import type { Evidence, Fix } from '../../../model/finding/finding.ts';
import { IDLE_BEFORE_MS } from '../../../model/sample/closed-group.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { closedClients, sumOf } from '../../clients/closed-connections.ts';
import { perPool } from '../../per-scope.ts';
import { type FloorReturn, floorReturns } from '../../pools/idle-floor.ts';
import { capFixes, isProxy } from '../../pools/pool-stacks.ts';
import { countsText, establishedIn, filterOf, type Pool } from '../../pools/pools.ts';
import { type Database, serverAt } from '../../pools/servers.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';

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
} as const;

type Values = SettingValues<typeof settings>;

/** A pool that bounds its idle connections and not its open ones: the founding fault. */
export const poolIdleCapOnly = rule({
  name: 'POOL_IDLE_CAP_ONLY',
  title: 'A pool with an idle cap and without an open cap',
  settings,
  needsMs: ({ floorMs }) => floorMs,
  judge: perPool(ofPool),
});

function ofPool(pool: Pool, input: RuleInput, values: Values): Fault | undefined {
  const { netns, member, peer, port } = pool;
  if (isProxy(member.process?.name)) return undefined;
  const counts = pool.snapshots.map((snapshot) => ({ atMs: snapshot.atMs, count: establishedIn(snapshot).length }));
  const returns = floorReturns(counts, { ...values, minimumFloor: 1 }).filter(
    (found) => found.peak >= values.minimumPeak && closesIn(pool, found) - fallOf(found) >= reopenedBy(found, values),
  );
  const last = returns.at(-1);
  if (last === undefined) return undefined;
  const { floor } = last;
  const highest = Math.max(...returns.map(({ peak }) => peak));
  const { text, database, declaredCap: cap } = serverAt(input, netns.namespace, peer, port);
  // A pool that stays within its declared cap has one.
  if (cap !== undefined && highest <= cap) return undefined;
  const same = returns.filter((found) => Math.abs(found.floor - floor) <= floor * values.tolerance);
  return {
    severity: 'warning',
    confidence: same.length > 1 ? 'high' : 'medium',
    summary: `the pool to ${text} has an idle cap without an open cap: it rose to ${highest} connections and fell back to a flat ${floor}`,
    evidence: [
      { what: `established connections to ${text}, the highest peak`, value: highest, source: 'sock_diag' },
      { what: 'flat floor that it fell back to', value: floor, source: 'sock_diag' },
      { what: 'peaks that fell back to this floor', value: same.length, source: 'sock_diag' },
      {
        what: 'closed during the peak',
        value: returns.reduce((sum, found) => sum + closesIn(pool, found), 0),
        source: 'destroy events, sock_diag',
      },
      {
        what: 'count in each snapshot',
        value: countsText(counts.map(({ count }) => count)),
        source: 'sock_diag',
      },
      ...(cap === undefined ? [] : [{ what: 'declared cap', value: cap, source: '--pool' } satisfies Evidence]),
    ],
    fixes: fixesFor(pool, cap ?? floor, database),
    byHand: (target) => `socklens watch ${target} '${filterOf(pool)}' --by process,state`,
    about: `peer ${text}`,
  };
}

function fixesFor({ member }: Pool, cap: number, database: Database | undefined): Fix[] {
  const fixes = capFixes({ program: member.process?.name, database }, cap);
  if (database !== undefined) return fixes;
  return [
    ...fixes,
    {
      where: 'Go net/http',
      text: 'for an HTTP client: MaxConnsPerHost is the cap and unlimited unless it is set; MaxIdleConnsPerHost (default 2) only bounds the idle ones',
      snippet: `transport.MaxConnsPerHost = ${cap}\ntransport.MaxIdleConnsPerHost = ${cap}`,
    },
  ];
}

/** Connections that must have been closed and reopened for no shrinking to explain it. */
function reopenedBy(found: FloorReturn, { reopened, reopenedShare }: Values): number {
  return Math.max(reopened, reopenedShare * fallOf(found));
}

function fallOf({ peak, floor }: FloorReturn): number {
  return peak - floor;
}

/**
 * Lower bound for the connections that were closed from the beginning of a peak to the floor after it: the closed
 * ones of the events, or those that a snapshot had and the next had not, whichever are more. A surplus that is closed
 * when it is given back has just been used; what an idle timeout closes (HTTP keep-alive) does not count.
 */
function closesIn({ netns, peer, port, snapshots }: Pool, { peakFrom, floorFrom }: FloorReturn): number {
  let missing = 0;
  for (let index = peakFrom; index < floorFrom; index++) {
    const after = new Set(snapshots[index + 1]?.sockets.map(({ cookie }) => cookie));
    for (const socket of snapshots[index]?.sockets ?? []) if (!after.has(socket.cookie) && !wasIdle(socket)) missing++;
  }
  const fromMs = snapshots[peakFrom]?.atMs ?? 0;
  const toMs = snapshots[floorFrom]?.atMs ?? 0;
  const closed = (closedClients(netns, fromMs).get(`${peer} ${port}`) ?? []).filter(({ atMs }) => atMs <= toMs);
  return Math.max(
    missing,
    sumOf(closed, ({ count, idled = 0 }) => count - idled),
  );
}

function wasIdle(socket: StoredSocket): boolean {
  const lastSentMs = socket.tcpInfoNumber('lastSentMs');
  const lastReceivedMs = socket.tcpInfoNumber('lastReceivedMs');
  if (lastSentMs === undefined || lastReceivedMs === undefined) return false;
  return Math.min(lastSentMs, lastReceivedMs) >= IDLE_BEFORE_MS;
}
