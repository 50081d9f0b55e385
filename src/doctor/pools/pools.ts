import { formatEndpoint } from '../../base/endpoint-text.ts';
import { grouped } from '../../base/lists.ts';
import { perObject } from '../../base/memo.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { clientsIn } from '../clients/clients.ts';
import { Triples } from '../clients/triples.ts';
import { dumpsOf } from '../snapshots/snapshots.ts';
import type { CountAt } from './idle-floor.ts';

/** What one process held to one endpoint at one snapshot. */
export interface PoolSnapshot {
  atMs: number;
  /** Connections that are established or on the way to it; empty where there were none. */
  sockets: readonly StoredSocket[];
}

/** The connections of one process to one endpoint, over the snapshots: what a pool looks like from outside. */
export interface Pool {
  netns: NetnsSeries;
  /** One of its sockets: its holder and peer are those of the pool. */
  member: StoredSocket;
  /** The peer's address as names are known by it. */
  peer: string;
  port: number;
  /** One for each dump of the namespace, in the order of time. */
  snapshots: readonly PoolSnapshot[];
  /** The most connections between each sample and the one before it, from connection events; empty where they do not tell. */
  peaks: readonly CountAt[];
}

/** The pools of a namespace, computed once for all rules. */
export const poolsOf = perObject((series: NetnsSeries): readonly Pool[] => adopted(collect(series)));

interface Growing extends Pool {
  snapshots: { atMs: number; sockets: StoredSocket[] }[];
}

function collect(netns: NetnsSeries): Growing[] {
  const dumps = dumpsOf(netns);
  const pools = new Triples<number | string, string, Growing>();
  dumps.forEach((dump, index) => {
    for (const member of clientsIn(netns, dump)) {
      const { state, peer, peerPort: port, process, container = '' } = member;
      if (peer === undefined || (state !== TCP_STATE.ESTABLISHED && state !== TCP_STATE.SYN_SENT)) continue;
      const pool = pools.at(process?.pid ?? container, peer.plain, port, () => {
        const snapshots = dumps.map(({ atMs }) => ({ atMs, sockets: [] as StoredSocket[] }));
        return { netns, member, peer: peer.plain, port, snapshots, peaks: peaksBetween(netns, member) };
      });
      pool.snapshots[index]?.sockets.push(member);
    }
  });
  return [...pools.values()];
}

function peaksBetween({ samples }: NetnsSeries, { peer, peerPort, process }: StoredSocket): CountAt[] {
  if (peer === undefined || process === undefined) return [];
  const endpoint = formatEndpoint(peer.plain, peerPort);
  const holder = `${process.pid}/`;
  return samples.flatMap(({ atMs, peaks = [] }) => {
    const counts = peaks
      .filter((peak) => peak.peer === endpoint && peak.process?.startsWith(holder))
      .map(({ count }) => count);
    return counts.length === 0 ? [] : [{ atMs, count: Math.max(...counts) }];
  });
}

/**
 * Connections that were closed before their process could be read have no holder. They belong to the process that has
 * a pool to the same endpoint, where there is only one.
 */
function adopted(pools: readonly Growing[]): Growing[] {
  const isOwned = ({ member }: Growing) => member.process !== undefined;
  const owned = grouped(pools.filter(isOwned), ({ peer, port }) => `${peer} ${port}`);
  return pools.filter((pool) => {
    const [owner, ...others] = isOwned(pool) ? [] : (owned.get(`${pool.peer} ${pool.port}`) ?? []);
    if (owner === undefined || others.length > 0) return true;
    owner.snapshots.forEach(({ sockets }, index) => {
      sockets.push(...(pool.snapshots[index]?.sockets ?? []));
    });
    return false;
  });
}

/** The established ones among them. */
export function establishedIn({ sockets }: PoolSnapshot): StoredSocket[] {
  return sockets.filter(({ state }) => state === TCP_STATE.ESTABLISHED);
}

/** The most connections that it had at any moment, as far as snapshots and events tell. */
export function peakOf({ snapshots, peaks }: Pool): number {
  return Math.max(0, ...peaks.map(({ count }) => count), ...snapshots.map(({ sockets }) => sockets.length));
}

/** The established connections over time: those of the snapshots, and between them the peaks that events tell. */
export function countsOf({ snapshots, peaks }: Pool): CountAt[] {
  const peakAt = new Map(peaks.map(({ atMs, count }) => [atMs, count]));
  return snapshots.flatMap((snapshot, index) => {
    const { atMs } = snapshot;
    const count = establishedIn(snapshot).length;
    const before = snapshots[index - 1];
    const peak = peakAt.get(atMs) ?? 0;
    if (before === undefined || peak <= Math.max(count, establishedIn(before).length)) return [{ atMs, count }];
    return [
      { atMs: (before.atMs + atMs) / 2, count: peak },
      { atMs, count },
    ];
  });
}

/** When a snapshot first had more connections, milliseconds since the epoch; undefined where none had. */
export function firstAbove({ snapshots }: Pool, count: number): number | undefined {
  return snapshots.find(({ sockets }) => sockets.length > count)?.atMs;
}

/** Counts over the snapshots as a line of numbers, thinned out where there are many. */
export function countsText(counts: readonly number[], atMost = 30): string {
  const step = Math.ceil(counts.length / atMost);
  return counts.filter((_, index) => index % step === 0 || index === counts.length - 1).join(' ');
}

/** The filter that shows it: `dst 10.0.0.3:3306`. */
export function filterOf({ peer, port }: Pick<Pool, 'peer' | 'port'>): string {
  return `dst ${formatEndpoint(peer, port)}`;
}
