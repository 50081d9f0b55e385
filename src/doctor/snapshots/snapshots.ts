import { perObject } from '../../base/memo.ts';
import type { NetnsSample, ProcessSample } from '../../model/sample/sample.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import type { Proto } from '../../model/socket/socket-view.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';

/** A sample with its sockets. */
export interface Dump extends Omit<NetnsSample, 'sockets'> {
  sockets: readonly StoredSocket[];
}

/** The dump of a sample; undefined when none was taken. The same object each time. */
const dumpOf = perObject((sample: NetnsSample): Dump | undefined => {
  const { sockets } = sample;
  return sockets && { ...sample, sockets: sockets.toArray() };
});

/** The samples in which all sockets were read. The same list each time: nearly every rule asks for it. */
export const dumpsOf = perObject(({ samples }: NetnsSeries): readonly Dump[] =>
  samples.flatMap((sample) => dumpOf(sample) ?? []),
);

/** The last of them; undefined when none was taken. */
export function lastDump(series: NetnsSeries): Dump | undefined {
  const last = series.samples.findLast(({ sockets }) => sockets !== undefined);
  return last && dumpOf(last);
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

const NONE: readonly StoredSocket[] = [];

const byProto = perObject((sockets: readonly StoredSocket[]) => Map.groupBy(sockets, ({ proto }) => proto));
const tcpByState = perObject((sockets: readonly StoredSocket[]) =>
  Map.groupBy(byProto(sockets).get('tcp') ?? NONE, ({ state }) => state),
);

/** The sockets of a protocol, in the order of the dump. */
export function ofProto(dump: Pick<Dump, 'sockets'>, proto: Proto): readonly StoredSocket[] {
  return byProto(dump.sockets).get(proto) ?? NONE;
}

/** The TCP sockets in a state, in the order of the dump. */
export function tcpIn(dump: Pick<Dump, 'sockets'>, state: number): readonly StoredSocket[] {
  return tcpByState(dump.sockets).get(state) ?? NONE;
}
