import type { ProcessSample, SpaceSample } from '../../../model/sample.ts';
import type { NetnsSeries } from '../../../model/series.ts';
import type { SocketRecord } from '../../../model/socket-record.ts';
import type { Proto } from '../../../model/socket-view.ts';

/** A sample with its sockets. */
export type Dump = SpaceSample & { sockets: readonly SocketRecord[] };

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

/** Values grouped by a key; those without one are left out. */
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

/** The sockets of a dump, sorted once for all the rules that ask for some of them. */
interface Lists {
  byProto: ReadonlyMap<Proto, readonly SocketRecord[]>;
  /** TCP alone. */
  byState: ReadonlyMap<number, readonly SocketRecord[]>;
}

const known = new WeakMap<readonly SocketRecord[], Lists>();
const NONE: readonly SocketRecord[] = [];

/** The sockets of a protocol, in the order of the dump. */
export function ofProto(dump: Pick<Dump, 'sockets'>, proto: Proto): readonly SocketRecord[] {
  return listsOf(dump).byProto.get(proto) ?? NONE;
}

/** The TCP sockets in a state, in the order of the dump. */
export function tcpIn(dump: Pick<Dump, 'sockets'>, state: number): readonly SocketRecord[] {
  return listsOf(dump).byState.get(state) ?? NONE;
}

function listsOf({ sockets }: Pick<Dump, 'sockets'>): Lists {
  const before = known.get(sockets);
  if (before !== undefined) return before;
  const byProto = new Map<Proto, SocketRecord[]>();
  const byState = new Map<number, SocketRecord[]>();
  for (const socket of sockets) {
    add(byProto, socket.proto, socket);
    if (socket.proto === 'tcp') add(byState, socket.state, socket);
  }
  const lists = { byProto, byState };
  known.set(sockets, lists);
  return lists;
}

function add<K>(lists: Map<K, SocketRecord[]>, key: K, socket: SocketRecord): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [socket]);
  else list.push(socket);
}
