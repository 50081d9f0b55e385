import type { IdleTimes } from '../../model/sample/closed-group.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import type { SocketHolder } from '../rule.ts';
import { closedClients, mainHolder, sumOf } from './closed-connections.ts';

/** The least of a tolerance for one age, milliseconds: servers look for idle connections once a second. */
const TOLERANCE_MS = 1_200;

/** Share of the idle connections that a server closes, of one age: a timeout, not a restart. */
const AT_ONE_AGE = 0.8;

/** A server that closes the idle connections of a client, which it then uses. */
export interface IdleCloses {
  peer: string;
  port: number;
  holder: SocketHolder;
  /** Connections that the server closed at that age, and those that it reset then, as something was sent. */
  closed: number;
  reset: number;
  /** The age, milliseconds without data: the shortest and the longest of them. */
  leastMs: number;
  mostMs: number;
  /** Idle connections that the client closed itself. */
  closedHere: number;
}

/**
 * The endpoints whose server closes idle connections at one age, while the client still uses some of that age: by the
 * connection events. Empty where they do not tell resets.
 */
export function idleClosesOf(netns: NetnsSeries): IdleCloses[] {
  return [...closedClients(netns).values()].flatMap((closed) => {
    const [first] = closed;
    const resets = closed.flatMap(({ group: { metClose } }) => metClose ?? []);
    if (first === undefined || resets.length === 0) return [];
    const timeouts = closed.flatMap(({ group: { peerTimeouts } }) => peerTimeouts ?? []);
    const all = [...timeouts, ...resets];
    // Reset is what was sent on its way to a server that had just closed: a round trip earlier at the most.
    const leastMs = Math.min(...all.map((times) => times.leastMs));
    const atMostMs = leastMs + Math.max(TOLERANCE_MS, leastMs / 4);
    const ofAge = (times: readonly IdleTimes[]) => times.filter(({ mostMs }) => mostMs <= atMostMs);
    const [inTime, resetInTime] = [ofAge(timeouts), ofAge(resets)];
    if (countOf([...inTime, ...resetInTime]) < AT_ONE_AGE * countOf(all)) return [];
    const moments = new Set(closed.filter(({ group }) => group.peerTimeouts ?? group.metClose).map(({ atMs }) => atMs));
    // All of them at once may be a server that ended.
    if (moments.size < 2 || resetInTime.length === 0) return [];
    const idled = sumOf(closed, ({ idled = 0 }) => idled);
    return [
      {
        peer: first.group.peerAddress,
        port: first.group.peerPort,
        holder: mainHolder(closed),
        closed: countOf(inTime),
        reset: countOf(resetInTime),
        leastMs,
        mostMs: Math.max(...[...inTime, ...resetInTime].map(({ mostMs }) => mostMs)),
        closedHere: Math.max(0, idled - countOf(timeouts)),
      },
    ];
  });
}

function countOf(times: readonly IdleTimes[]): number {
  return times.reduce((sum, { count }) => sum + count, 0);
}
