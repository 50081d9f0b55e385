import { perObject } from '../../base/memo.ts';
import type { NetnsSample, ProcessSample } from '../../model/sample/sample.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import type { SocketRecord } from '../../model/socket/socket-record.ts';
import type { Proto } from '../../model/socket/socket-view.ts';

/** A sample with its sockets. */
export type Dump = NetnsSample & { sockets: readonly SocketRecord[] };

/** The samples in which all sockets were read. */
export function dumpsOf({ samples }: NetnsSeries): Dump[] {
  return samples.filter((sample): sample is Dump => sample.sockets !== undefined);
}

/** The last of them; undefined when none was taken. */
export function lastDump(series: NetnsSeries): Dump | undefined {
  return series.samples.findLast((sample): sample is Dump => sample.sockets !== undefined);
}

/** The dump that was taken last before a time, or the first after it; undefined when none was taken. */
export function dumpAt(series: NetnsSeries, atMs: number): Dump | undefined {
  const dumps = dumpsOf(series);
  return dumps.findLast((dump) => dump.atMs <= atMs) ?? dumps[0];
}

/** How much a counter rose over the series, and in which time; undefined where it was not read twice. */
export function riseOf({ samples }: NetnsSeries, counter: string): { rise: number; ms: number } | undefined {
  const first = samples.find(({ counters }) => counters?.[counter] !== undefined);
  const last = samples.findLast(({ counters }) => counters?.[counter] !== undefined);
  if (first === undefined || last === undefined || first === last) return undefined;
  return {
    rise: (last.counters?.[counter] ?? 0) - (first.counters?.[counter] ?? 0),
    ms: last.atMs - first.atMs,
  };
}

/** A setting of the namespace that is a number; undefined where it could not be read. */
export function numberOf({ sysctls }: NetnsSeries, name: string): number | undefined {
  const text = sysctls[name];
  return text === undefined || text.trim() === '' ? undefined : Number(text);
}

/** A process as it was last sampled; undefined for none. */
export function lastProcess({ samples }: NetnsSeries, pid: number | undefined): ProcessSample | undefined {
  return samples
    .findLast(({ processes }) => processes !== undefined)
    ?.processes?.find((process) => process.pid === pid);
}

const NONE: readonly SocketRecord[] = [];

const byProto = perObject((sockets: readonly SocketRecord[]) => Map.groupBy(sockets, ({ proto }) => proto));
const tcpByState = perObject((sockets: readonly SocketRecord[]) =>
  Map.groupBy(byProto(sockets).get('tcp') ?? NONE, ({ state }) => state),
);

/** The sockets of a protocol, in the order of the dump. */
export function ofProto(dump: Pick<Dump, 'sockets'>, proto: Proto): readonly SocketRecord[] {
  return byProto(dump.sockets).get(proto) ?? NONE;
}

/** The TCP sockets in a state, in the order of the dump. */
export function tcpIn(dump: Pick<Dump, 'sockets'>, state: number): readonly SocketRecord[] {
  return tcpByState(dump.sockets).get(state) ?? NONE;
}
