import type { ProcessSample, SpaceSample } from '../../../model/sample.ts';
import type { SpaceSeries } from '../../../model/series.ts';
import type { SocketRecord } from '../../../model/socket-record.ts';

/** A sample with its sockets. */
export type Dump = SpaceSample & { sockets: readonly SocketRecord[] };

/** The samples in which all sockets were read. */
export function dumpsOf({ samples }: SpaceSeries): Dump[] {
  return samples.filter((sample): sample is Dump => sample.sockets !== undefined);
}

/** The last of them; undefined when none was taken. */
export function lastDump(series: SpaceSeries): Dump | undefined {
  return series.samples.findLast((sample): sample is Dump => sample.sockets !== undefined);
}

/** The dump that was taken last before a time, or the first after it; undefined when none was taken. */
export function dumpAt(series: SpaceSeries, atMs: number): Dump | undefined {
  const dumps = dumpsOf(series);
  return dumps.findLast((dump) => dump.atMs <= atMs) ?? dumps[0];
}

/** How much a counter rose over the series, and in which time; undefined where it was not read twice. */
export function riseOf({ samples }: SpaceSeries, counter: string): { rise: number; ms: number } | undefined {
  const first = samples.find(({ counters }) => counters?.[counter] !== undefined);
  const last = samples.findLast(({ counters }) => counters?.[counter] !== undefined);
  if (first === undefined || last === undefined || first === last) return undefined;
  return {
    rise: (last.counters?.[counter] ?? 0) - (first.counters?.[counter] ?? 0),
    ms: last.atMs - first.atMs,
  };
}

/** Values put together under a key. */
export function grouped<T>(values: Iterable<T>, keyOf: (value: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    if (key === undefined) continue;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [value]);
    else known.push(value);
  }
  return groups;
}

/** A setting of the namespace that is a number; undefined where it could not be read. */
export function numberOf({ sysctls }: SpaceSeries, name: string): number | undefined {
  const text = sysctls[name];
  return text === undefined || text.trim() === '' ? undefined : Number(text);
}

/** A process as it was last sampled; undefined for none. */
export function lastProcess({ samples }: SpaceSeries, pid: number | undefined): ProcessSample | undefined {
  return samples
    .findLast(({ processes }) => processes !== undefined)
    ?.processes?.find((process) => process.pid === pid);
}
