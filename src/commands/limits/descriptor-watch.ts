import { pushTo } from '../../base/lists.ts';
import { perMinute, type TimedValue, timeLeftMs } from '../../base/slope.ts';
import type { Machine } from '../../collect/machine.ts';
import { descriptorKindsOf } from '../../collect/owners/descriptor-kinds.ts';
import { descriptorsNow, type ProcessFacts } from '../../collect/owners/process-facts.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import { DESCRIPTOR_KINDS, type DescriptorKind, type NamedDescriptors } from '../../model/sample/descriptor-kinds.ts';
import { wait } from '../../sources/live/pace.ts';

/** How long and how often descriptors are counted. */
export interface WatchTime {
  /** Milliseconds. */
  forMs: number;
  /** Milliseconds between two samples. */
  intervalMs: number;
  /** Ends the sampling early; undefined for never. */
  stop: AbortSignal | undefined;
}

/** The descriptors of one process over the sampled time. */
export interface WatchedDescriptors {
  /** Number in the last sample. */
  used: number;
  /** Absent for a process whose descriptors were only counted. */
  kinds?: NamedDescriptors;
  /** Growth per minute; absent after a single sample. */
  perMinute?: number;
  /** Milliseconds; absent when the number does not grow. */
  limitReachedInMs?: number;
  /** By kind, from the first sample to the last; absent after a single sample. */
  change?: Partial<Record<DescriptorKind, number>>;
}

/**
 * Counts the descriptors of processes, once or over some time, and those of some processes by kind.
 *
 * @param classified PIDs whose descriptors are counted by kind
 * @param time undefined for a single sample
 * @returns by PID; without processes that have exited or may not be read
 */
export async function watchDescriptors(
  machine: Machine,
  handle: NetnsHandle,
  processes: readonly ProcessFacts[],
  classified: ReadonlySet<number>,
  time: WatchTime | undefined,
): Promise<Map<number, WatchedDescriptors>> {
  const readings = new Map<number, TimedValue[]>();
  const beginMs = performance.now();
  const count = () => {
    for (const process of processes) {
      const used = descriptorsNow(machine, process);
      if (used === undefined) continue;
      pushTo(readings, process.pid, { atMs: performance.now() - beginMs, value: used });
    }
  };
  count();
  const first = time === undefined ? undefined : descriptorKindsOf(machine, handle, classified);
  while (time !== undefined && !time.stop?.aborted) {
    const leftMs = time.forMs - (performance.now() - beginMs);
    if (leftMs <= 0) break;
    await wait(Math.min(time.intervalMs, leftMs), time.stop);
    count();
  }
  const last = descriptorKindsOf(machine, handle, classified);
  const watched = new Map<number, WatchedDescriptors>();
  for (const { pid, limits } of processes) {
    const counted = readings.get(pid);
    const newest = counted?.at(-1);
    if (counted === undefined || newest === undefined) continue;
    const kinds = last.get(pid);
    const before = first?.get(pid);
    const slope = perMinute(counted);
    const left = timeLeftMs(newest.value, limits.nofile?.soft ?? Number.POSITIVE_INFINITY, slope);
    watched.set(pid, {
      used: newest.value,
      ...(kinds !== undefined && { kinds }),
      ...(slope !== undefined && { perMinute: slope }),
      ...(left !== undefined && { limitReachedInMs: left }),
      ...(kinds !== undefined && before !== undefined && { change: changeOf(before, kinds) }),
    });
  }
  return watched;
}

function changeOf(before: NamedDescriptors, after: NamedDescriptors): Partial<Record<DescriptorKind, number>> {
  const change: Partial<Record<DescriptorKind, number>> = {};
  for (const kind of DESCRIPTOR_KINDS) {
    const difference = (after.byKind[kind] ?? 0) - (before.byKind[kind] ?? 0);
    if (difference !== 0) change[kind] = difference;
  }
  return change;
}
