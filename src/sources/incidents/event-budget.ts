import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import type { Tick } from '../sample-source.ts';
import { ClosedKeys } from '../series/closed-keys.ts';

/** Ends of connections that are recorded of one tick with all they have: of those that are alike, and of all. */
const MOST_OF_ONE = 20;
const MOST = 4000;

/** Connections that lived shorter than this are not like longer ones, milliseconds. */
const SHORT_MS = 1000;

/** Records ends of connections. */
export interface EndsRecorder {
  /** @returns the number of the end, until the tick is written */
  event(event: ConnectionEvent): number;
  /** Counts another end with one that was recorded. */
  alike(end: number): void;
}

/** What was taken of one namespace in a tick. */
interface Taken {
  keys: ClosedKeys;
  /** The recorded ones and the number of the others, of ends that are alike. */
  ends: { recorded: number[]; others: number }[];
  leftOut: number;
}

/**
 * Bounds the events that are recorded of a tick, where a namespace closes hundreds of connections a second: some of those
 * that are alike are recorded with all they have, and each stands for as many of the others. So nothing is missing from the
 * numbers, and a few failures are there beside many orderly ends. Where there are too many different ones, those that are
 * left out are events that were lost: the recording says how many, and what judges it knows.
 */
export class EventBudget {
  #taken = new Map<number, Taken>();
  #total = 0;

  /** Records an event of a namespace; what is no end of a connection is left out. */
  take(netns: number, event: ConnectionEvent, recorder: EndsRecorder): void {
    if ((event.kind !== 'closed' && event.kind !== 'failed') || event.outcome === undefined) return;
    let taken = this.#taken.get(netns);
    if (taken === undefined) {
      taken = { keys: new ClosedKeys(), ends: [], leftOut: 0 };
      this.#taken.set(netns, taken);
    }
    const index = taken.keys.indexOf(event, courseOf(event));
    taken.ends[index] ??= { recorded: [], others: 0 };
    const alike = taken.ends[index];
    const { recorded } = alike;
    if (recorded.length < MOST_OF_ONE && this.#total < MOST) {
      recorded.push(recorder.event(event));
      this.#total++;
      return;
    }
    const end = recorded[alike.others % recorded.length];
    if (end === undefined) {
      taken.leftOut++;
      return;
    }
    recorder.alike(end);
    alike.others++;
  }

  /** The tick that the events belong to, with those that were left out; the next one begins. */
  withLost(tick: Tick): Tick {
    const taken = this.#taken;
    this.#taken = new Map();
    this.#total = 0;
    if ([...taken.values()].every(({ leftOut }) => leftOut === 0)) return tick;
    const namespaces = tick.namespaces.map((sampled) => {
      const leftOut = taken.get(sampled.namespace.netns)?.leftOut ?? 0;
      return leftOut === 0 ? sampled : { ...sampled, lost: sampled.lost + leftOut };
    });
    return { ...tick, namespaces };
  }
}

/** What else ends that are alike have in common: which side ended them, and whether that was within a second. */
function courseOf({ closedBy, openedAtMs, atMs }: ConnectionEvent): number {
  const side = closedBy === undefined ? 0 : closedBy === 'local' ? 1 : 2;
  return openedAtMs !== undefined && atMs - openedAtMs < SHORT_MS ? side + 4 : side;
}
