import { grouped } from '../../base/lists.ts';
import { perObject } from '../../base/memo.ts';
import type { ClosedGroup } from '../../model/sample/closed-group.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';

/** A group of closed connections, and the time of the sample that reported it. */
export interface ClosedAt {
  atMs: number;
  group: ClosedGroup;
}

/** Whether events of closed connections were read; without them, none reported says nothing. */
export function hasEvents({ samples }: NetnsSeries): boolean {
  return samples.some(({ closed }) => closed !== undefined);
}

/** How often the kernel dropped events; above 0, numbers of closed connections are lower bounds. */
export function eventsLost({ samples }: NetnsSeries): number {
  return samples.reduce((sum, { lost }) => sum + (lost ?? 0), 0);
}

/** The groups of TCP clients that were closed after `fromMs`, by the endpoint that they were connected to. */
export function closedClients(
  netns: NetnsSeries,
  fromMs = Number.NEGATIVE_INFINITY,
): ReadonlyMap<string, readonly ClosedAt[]> {
  const all = allClosedClients(netns);
  if (fromMs === Number.NEGATIVE_INFINITY) return all;
  const recent = [...all].map(([endpoint, closed]) => [endpoint, closed.filter(({ atMs }) => atMs > fromMs)] as const);
  return new Map(recent.filter(([, closed]) => closed.length > 0));
}

/** Computed once: several rules ask for it. */
const allClosedClients = perObject(({ samples }: NetnsSeries): Map<string, ClosedAt[]> => {
  const clients: ClosedAt[] = [];
  for (const { atMs, closed } of samples) {
    for (const group of closed ?? []) {
      if (group.proto === 'tcp' && group.role !== 'server') clients.push({ atMs, group });
    }
  }
  return grouped(clients, ({ group }) => (group.peerPort === 0 ? undefined : `${group.peerAddress} ${group.peerPort}`));
});

/** The sum of a number of the groups. */
export function sumOf(closed: readonly ClosedAt[], number: (group: ClosedGroup) => number): number {
  return closed.reduce((sum, { group }) => sum + number(group), 0);
}

/** The largest sum within any window of the given length. */
export function mostWithin(amounts: readonly { atMs: number; count: number }[], windowMs: number): number {
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

/** The process and the container that most of them belonged to; both absent where they were never seen. */
export function mainHolder(closed: readonly ClosedAt[]): Pick<ClosedGroup, 'process' | 'container'> {
  const counts = new Map<string, { count: number; group: ClosedGroup }>();
  for (const { group } of closed) {
    const key = `${group.process?.pid} ${group.container}`;
    const entry = counts.get(key);
    if (entry === undefined) counts.set(key, { count: group.count, group });
    else entry.count += group.count;
  }
  let best: { count: number; group: ClosedGroup } | undefined;
  for (const entry of counts.values()) {
    // A known process goes before an unknown one: processes of short-lived connections are rarely seen.
    const better = best === undefined || weight(entry) > weight(best);
    if (better) best = entry;
  }
  const { process, container } = best?.group ?? {};
  return { ...(process !== undefined && { process }), ...(container !== undefined && { container }) };
}

function weight({ count, group }: { count: number; group: ClosedGroup }): number {
  return group.process === undefined ? count / 1e9 : count;
}

/** An amount at one moment. */
export interface AmountAt {
  atMs: number;
  amount: number;
}

/**
 * Amounts over the last `windowMs` up to `toMs`, in so many equal parts: what is sustained shows in each.
 * An amount at the very beginning of the window belongs to the time before it.
 */
export function partsOf(amounts: readonly AmountAt[], toMs: number, windowMs: number, parts: number): number[] {
  const sums = new Array<number>(parts).fill(0);
  for (const { atMs, amount } of amounts) {
    const before = toMs - atMs;
    if (before < 0 || before >= windowMs) continue;
    const part = parts - 1 - Math.floor((before / windowMs) * parts);
    sums[part] = (sums[part] ?? 0) + amount;
  }
  return sums;
}

/** A rate for a person: two digits below ten, none above. */
export function perSecond(count: number, ms: number): number {
  const rate = (count * 1000) / ms;
  return rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate);
}

/** The groups of TCP servers, by their port. */
export const closedServers = perObject(({ samples }: NetnsSeries): ReadonlyMap<number, readonly ClosedAt[]> => {
  const servers = samples.flatMap(({ atMs, closed }) =>
    (closed ?? []).flatMap((group) => (group.proto === 'tcp' && group.role === 'server' ? [{ atMs, group }] : [])),
  );
  return grouped(servers, ({ group }) => (group.localPort === 0 ? undefined : group.localPort));
});
