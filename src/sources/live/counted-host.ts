import { absentProtos } from '../../collect/dump/dump-plan.ts';
import { dumpSockets, lacksHandler, type SocketDump } from '../../collect/dump/dump-sockets.ts';
import { countedByKernel, sockstatOf } from '../../collect/dump/net-files.ts';
import type { Machine } from '../../collect/machine.ts';
import { heldPass } from '../../collect/owners/owner-pass.ts';
import type { NetnsHandle } from '../../collect/target/netns-handle.ts';
import type { Sockstat } from '../../model/netns/counters.ts';
import { countedSockets, type SocketQuery } from '../../model/socket/socket-query.ts';
import type { Proto, SocketSource } from '../../model/socket/socket-view.ts';
import { openFiles } from '../../procfs/open-files.ts';
import type { SocketsToCount } from '../snapshot.ts';
import { type HeldOfNetns, HeldSockets } from './held-sockets.ts';
import { FEWEST_FOR_A_PASS } from './host-pass.ts';

/** Namespaces that are dumped first, which tells what a dump costs. */
const DUMPED_FIRST = 1;
/** What a pass costs: loading its program, milliseconds, and each open file, nanoseconds. */
const PASS_MS = 8;
const PASS_NS_PER_FILE = 700;
/** What the second reading of a namespace's counters costs, milliseconds: see {@link PassAndCounters.before}. */
const COUNTERS_MS = 0.1;

/** What processes hold by one pass, and what the counters of each namespace said before it. */
interface PassAndCounters {
  held: HeldSockets;
  before: ReadonlyMap<number, Sockstat>;
}

/**
 * The sockets of several namespaces of the host, read to be counted. TCP is dumped, which walks the host's whole table
 * for each namespace; where that costs more than one pass over the descriptors of the host, it is taken from the pass
 * in each namespace that has no other TCP sockets by its own counters.
 */
export class CountedHost {
  readonly #machine: Machine;
  readonly #handles: readonly NetnsHandle[];
  readonly #pays: (namespaces: number, dumpMs: number) => boolean;
  /** Time of each dump until the pass is decided on, milliseconds. */
  readonly #dumpMs: number[] = [];
  /** Undefined before it is decided; `none` where dumps are cheaper or a pass cannot be made. */
  #held: PassAndCounters | 'none' | undefined;

  /**
   * @param handles the namespaces of the answer, in the order in which they are read
   * @param pays whether a pass is cheaper than dumps of so many namespaces, each of which takes so many milliseconds
   */
  constructor(machine: Machine, handles: readonly NetnsHandle[], pays = isPassCheaper(machine)) {
    this.#machine = machine;
    this.#handles = handles;
    this.#pays = pays;
  }

  /** See `NetnsSnapshot.readToCount`. @throws {Failure} */
  read(handle: NetnsHandle, withOthers: boolean): SocketsToCount {
    const machine = this.#machine;
    this.#held ??= this.#decide();
    const counted = countedByKernel(machine, handle);
    const query = countedSockets(counted !== undefined, withOthers);
    if (counted === undefined) return { ...this.#dump(handle, query), timeWaitLeftOut: false, sockstat: undefined };
    const { sockstat, protocols } = counted;
    const absent = absentProtos(query, protocols);
    // `/proc` has no table of vsock sockets.
    const held = this.#heldOf(handle, query, sockstat);
    const answered: readonly Proto[] = held === undefined ? absent : ['tcp', ...absent];
    const isLeft = (proto: Proto) => !answered.includes(proto) && !(proto === 'vsock' && lacksHandler(machine, proto));
    const left = { ...query, protos: query.protos.filter(isLeft) };
    const dump = left.protos.length === 0 ? undefined : this.#dump(handle, left);
    const sources = { ...dump?.sources };
    for (const proto of absent) sources[proto] = 'procfs';
    if (held !== undefined) sources.tcp = 'bpf_iter';
    return {
      takenAt: dump?.takenAt ?? new Date(),
      source: held !== undefined ? 'bpf_iter' : (dump?.source ?? 'procfs'),
      sources,
      coverage: dump?.coverage ?? { complete: true, notes: [] },
      sockets: joined(held, dump?.sockets),
      timeWaitLeftOut: false,
      sockstat,
    };
  }

  #dump(handle: NetnsHandle, query: SocketQuery): SocketDump {
    const startMs = performance.now();
    const dump = dumpSockets(this.#machine, handle, query);
    if (this.#held === undefined) this.#dumpMs.push(performance.now() - startMs);
    return dump;
  }

  /** @returns undefined where it is not decided yet: the first namespaces are dumped */
  #decide(): PassAndCounters | 'none' | undefined {
    const handles = this.#handles;
    if (handles.length < FEWEST_FOR_A_PASS) return 'none';
    if (this.#dumpMs.length < DUMPED_FIRST) return undefined;
    const waiting = handles.slice(DUMPED_FIRST);
    if (!this.#pays(waiting.length, Math.min(...this.#dumpMs))) return 'none';
    const pass = heldPass(this.#machine);
    if (typeof pass === 'string') return 'none';
    const before = new Map<number, Sockstat>();
    for (const handle of waiting) {
      const sockstat = sockstatOf(this.#machine, handle);
      // One that has sockets in TIME_WAIT will be dumped.
      if (sockstat?.timeWait === 0) before.set(handle.target.netns, sockstat);
    }
    const takenAtMs = Date.now();
    return { held: new HeldSockets(pass.read(), takenAtMs), before };
  }

  /**
   * What the pass found in a namespace, if that is all by its counters of before and after the pass: sockets that were
   * closed meanwhile do not stand for others that nobody holds.
   */
  #heldOf({ target }: NetnsHandle, { states }: SocketQuery, after: Sockstat): HeldOfNetns | undefined {
    if (this.#held === undefined || this.#held === 'none') return undefined;
    const before = this.#held.before.get(target.netns);
    const held = this.#held.held.of(target.netns, ['tcp'], states);
    return before !== undefined && held.isAllOf(before) && held.isAllOf(after) ? held : undefined;
  }
}

function isPassCheaper({ proc }: Machine) {
  return (namespaces: number, dumpMs: number): boolean =>
    PASS_MS + (openFiles(proc) * PASS_NS_PER_FILE) / 1e6 + namespaces * COUNTERS_MS < namespaces * dumpMs;
}

function joined(...parts: readonly (SocketSource | undefined)[]): SocketSource {
  return {
    each(visit) {
      for (const part of parts) part?.each(visit);
    },
  };
}
