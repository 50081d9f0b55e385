import { grouped } from '../../base/lists.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { SettingValues } from '../rule.ts';
import { sameIn } from '../snapshots/same-socket.ts';
import { type Dump, dumpsOf, tcpIn } from '../snapshots/snapshots.ts';
import { spanOf } from '../snapshots/windows.ts';
import type { ClosedAt } from './closed-connections.ts';

/** How attempts that are given up are judged. */
export const GIVEN_UP_SETTINGS = {
  givenUp: { default: 3, unit: 'count', text: 'fewest attempts to one endpoint that were given up without an answer' },
  patienceMs: {
    default: 500,
    unit: 'ms',
    text: 'mean time until an attempt is given up (a client that tries two addresses at once cancels one sooner)',
  },
  lastsMs: { default: 4000, unit: 'ms', text: 'time between the first and the last of them' },
} as const;

/** An endpoint that answers no attempt, to which attempts are given up by their client. */
export interface GivenUp {
  peer: string;
  port: number;
  closed: readonly ClosedAt[];
  /** Mean time until one was given up, milliseconds. */
  meanMs: number;
  /** Time between the first and the last of them, milliseconds. */
  forMs: number;
}

/**
 * Endpoints to which attempts are given up before they have an answer, and no other one succeeds: the client has a
 * timeout that is too short for the kernel to try often. How long it waits tells the number of attempts that the
 * snapshots show, against their rate.
 */
export function givenUpIn(netns: NetnsSeries, values: SettingValues<typeof GIVEN_UP_SETTINGS>): GivenUp[] {
  const dumps = dumpsOf(netns);
  const [first] = dumps;
  const runMs = spanOf(netns.samples);
  if (first === undefined || runMs <= 0) return [];
  const all = netns.samples.flatMap(({ atMs, closed }) =>
    (closed ?? [])
      .filter(({ proto, role, peerPort }) => proto === 'tcp' && role !== 'server' && peerPort !== 0)
      .map((group): ClosedAt => ({ atMs, group })),
  );
  const endpoints = grouped(all, ({ group }) => `${group.peerAddress} ${group.peerPort}`);
  return [...endpoints.values()].flatMap((events): GivenUp[] => {
    const closed = events.filter(({ group: { outcome } }) => outcome === 'no-answer');
    const [from] = closed;
    const to = closed.at(-1);
    // Whatever else ended there had an answer of some kind.
    if (from === undefined || to === undefined || closed.length < events.length) return [];
    const { peerAddress: peer, peerPort: port } = from.group;
    const count = closed.reduce((sum, { group }) => sum + group.count, 0);
    const forMs = to.atMs - from.atMs;
    if (count < values.givenUp || forMs < values.lastsMs || isReached(first, dumps, peer, port)) return [];
    const attempts = dumps.map((dump) => connecting(dump, peer, port));
    const atOnce = attempts.reduce((sum, each) => sum + each, 0) / attempts.length;
    const meanMs = Math.round((atOnce * runMs) / count);
    return meanMs < values.patienceMs ? [] : [{ peer, port, closed, meanMs, forMs }];
  });
}

/** Whether a connection to an endpoint was established during the run: one that was there before says nothing. */
function isReached(first: Dump, dumps: readonly Dump[], peer: string, port: number): boolean {
  return dumps.some((dump) =>
    tcpIn(dump, TCP_STATE.ESTABLISHED).some(
      (socket) => socket.peerPort === port && socket.peer?.plain === peer && sameIn(first, socket) === undefined,
    ),
  );
}

function connecting(dump: Dump, peer: string, port: number): number {
  return tcpIn(dump, TCP_STATE.SYN_SENT).filter((socket) => socket.peerPort === port && socket.peer?.plain === peer)
    .length;
}
