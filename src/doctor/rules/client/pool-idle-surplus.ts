import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { idleFixes, stackEvidence } from '../../fixes/pool-fixes.ts';
import { perPool } from '../../per-scope.ts';
import { leakOf } from '../../pools/leak.ts';
import { establishedIn, filterOf, type Pool, type PoolSnapshot } from '../../pools/pools.ts';
import { isProxy } from '../../pools/proxies.ts';
import { serverAt } from '../../pools/servers.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { stackOf } from '../../stacks/stack-of.ts';

const settings = {
  minimum: { default: 20, unit: 'count', text: 'fewest connections of a pool that counts' },
  idleShare: { default: 0.5, unit: 'share', text: 'of them idle' },
  idleMs: { default: 300_000, unit: 'ms', text: 'without data in either direction' },
  looks: { default: 3, unit: 'count', text: 'last snapshots that must each show it' },
  pingBytesPerMinute: { default: 1_000, unit: 'bytes', text: 'a minute: no more than validation pings cause' },
} as const;

type Values = SettingValues<typeof settings>;

/** A pool most of which has not been used for minutes. */
export const poolIdleSurplus = rule({
  name: 'POOL_IDLE_SURPLUS',
  title: 'A pool that keeps many more connections than it uses',
  settings,
  needsSnapshots: ({ looks }) => looks,
  judge: perPool(ofPool),
});

function ofPool(pool: Pool, input: RuleInput, values: Values): Fault | undefined {
  const { netns, member, peer, port } = pool;
  const snapshots = pool.snapshots.slice(-values.looks);
  // What only becomes more is a leak, no pool that is too large.
  if (isProxy(member.process?.name) || snapshots.length < values.looks || leakOf(pool) !== undefined) return undefined;
  const before = whenLongSeen(pool, values);
  const idle = snapshots.map((snapshot) => idleIn(snapshot, before, values).length);
  const enough = snapshots.every((snapshot, index) => {
    const established = establishedIn(snapshot).length;
    return established >= values.minimum && (idle[index] ?? 0) >= values.idleShare * established;
  });
  if (!enough) return undefined;
  const last = snapshots[snapshots.length - 1] as PoolSnapshot;
  const established = establishedIn(last).length;
  const idleNow = idle.at(-1) ?? 0;
  const { text, database } = serverAt(input, netns, peer, port);
  const owner = { stack: stackOf(input.series, member.process), database };
  return {
    severity: 'warning',
    confidence: 'high',
    summary: `${idleNow} of ${established} connections to ${text} have carried nothing for ${values.idleMs / 1000} s: the pool is larger than its work`,
    evidence: [
      { what: `established connections to ${text}`, value: established, source: 'sock_diag' },
      {
        what: `of them idle for ${values.idleMs / 1000} s`,
        value: idleNow,
        source: 'tcp_info, time since data was last sent and received',
      },
      { what: `idle in the last ${values.looks} snapshots`, value: idle.join(' '), source: 'tcp_info' },
      ...stackEvidence(owner),
    ],
    fixes: idleFixes(owner),
    byHand: (target) =>
      `socklens ls ${target} '${filterOf(pool)} and state established and idle > ${values.idleMs / 1000}s'`,
    about: `peer ${text}`,
  };
}

/** The bytes of each connection in the last snapshot that is old enough to tell use from validation; empty where none is. */
function whenLongSeen({ snapshots }: Pool, { idleMs }: Values): Map<number, { atMs: number; bytes: number }> {
  const lastMs = snapshots.at(-1)?.atMs ?? 0;
  const old = snapshots.findLast(({ atMs }) => lastMs - atMs >= idleMs);
  return new Map(old?.sockets.map((socket) => [socket.cookie, { atMs: old.atMs, bytes: bytesOf(socket) }]) ?? []);
}

function idleIn(snapshot: PoolSnapshot, before: ReadonlyMap<number, { atMs: number; bytes: number }>, values: Values) {
  return establishedIn(snapshot).filter((socket) => {
    const { cookie } = socket;
    const lastSentMs = socket.tcpInfoNumber('lastSentMs');
    const lastReceivedMs = socket.tcpInfoNumber('lastReceivedMs');
    if (lastSentMs === undefined || lastReceivedMs === undefined) return false;
    if (Math.min(lastSentMs, lastReceivedMs) >= values.idleMs) return true;
    const then = before.get(cookie);
    if (then === undefined || cookie === 0) return false;
    const minutes = (snapshot.atMs - then.atMs) / 60_000;
    return bytesOf(socket) - then.bytes <= values.pingBytesPerMinute * minutes;
  });
}

function bytesOf(socket: StoredSocket): number {
  return (socket.tcpInfoNumber('bytesSent') ?? 0) + (socket.tcpInfoNumber('bytesReceived') ?? 0);
}
