import { groupedBySize } from '../../base/lists.ts';
import { perObject } from '../../base/memo.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import type { Holder } from '../../model/socket/socket-columns.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { clientsIn, roleOf } from '../clients/clients.ts';
import { type Dump, dumpsOf, tcpIn } from '../snapshots/snapshots.ts';
import { isAsked, isAsking } from './requests.ts';

/** A program that holds requests back: it has read more of them than it has passed on. */
export interface InsideQueue {
  process: Holder;
  /** In each snapshot of the run in which it was so, in the order of time. */
  snapshots: readonly InsideSnapshot[];
  /**
   * The server that most of what it passed on went to: in each snapshot how many of those had no answer, and how many
   * connections to it there were. A request in the same tick of the clock as the answer before it is not seen.
   */
  upstream: { socket: StoredSocket; counts: readonly number[]; connections: readonly number[] };
}

/** What it had in one snapshot. */
export interface InsideSnapshot {
  atMs: number;
  /** Requests that it has read and not answered. */
  asked: number;
  /** Of them those that have been so for {@link LONG_MS}. */
  waiting: number;
  /** What it has passed on and has no answer to. */
  asking: number;
  /** The shortest time since one of those was passed on, milliseconds. */
  newestMs: number;
}

/** Requests that wait so long wait in a queue. */
const LONG_MS = 1000;

/** So many more requests are inside than were passed on. */
const FEWEST = 4;

/** The programs of a namespace that hold requests back up to the last snapshot. */
export const insideQueues = perObject((netns: NetnsSeries): readonly InsideQueue[] => {
  const dumps = dumpsOf(netns);
  const last = dumps.at(-1);
  if (last === undefined) return [];
  const asked = groupedBySize(
    tcpIn(last, TCP_STATE.ESTABLISHED).filter((socket) => isAsked(socket) && roleOf(netns, socket) === 'server'),
    ({ process }) => process?.pid,
  );
  const proxies = asked.flatMap(([, [socket, ...others]]) =>
    socket?.process === undefined || others.length < FEWEST ? [] : [socket.process],
  );
  return proxies.flatMap((process) => queueOf(netns, dumps, process) ?? []);
});

function queueOf(netns: NetnsSeries, dumps: readonly Dump[], process: Holder): InsideQueue | undefined {
  const all = dumps.map((dump) => ({
    dump,
    atMs: dump.atMs,
    asked: askedOf(netns, dump, process),
    asking: askingOf(netns, dump, process),
  }));
  const isQueue = ({ asked, asking }: (typeof all)[number]) =>
    asked.length >= asking.length + Math.max(FEWEST, asking.length);
  const run = all.slice(all.findLastIndex((each) => !isQueue(each)) + 1);
  const servers = groupedBySize(
    run.flatMap(({ asking }) => asking),
    keyOf,
  );
  const [[key, [socket] = []] = []] = servers;
  if (key === undefined || socket === undefined) return undefined;
  return {
    process,
    snapshots: run.map(({ atMs, asked, asking }) => ({
      atMs,
      asked: asked.length,
      waiting: asked.filter((each) => (each.tcpInfoNumber('lastReceivedMs') ?? 0) >= LONG_MS).length,
      asking: asking.length,
      newestMs: Math.min(...asking.map((each) => each.tcpInfoNumber('lastSentMs') ?? 0)),
    })),
    upstream: {
      socket,
      counts: run.map(({ asking }) => asking.filter((each) => keyOf(each) === key).length),
      connections: run.map(({ dump }) => connectionsOf(netns, dump, process, key)),
    },
  };
}

/** Connections of its clients with a request that it has read and not answered. */
function askedOf(netns: NetnsSeries, dump: Dump, { pid }: Holder): StoredSocket[] {
  return tcpIn(dump, TCP_STATE.ESTABLISHED).filter(
    (socket) => socket.process?.pid === pid && isAsked(socket) && roleOf(netns, socket) === 'server',
  );
}

/** What it has passed on. The process of a connection that was opened just now is not known yet. */
function askingOf(netns: NetnsSeries, dump: Dump, { pid }: Holder): StoredSocket[] {
  return clientsIn(netns, dump).filter(
    (socket) =>
      (socket.process === undefined || socket.process.pid === pid) &&
      (socket.state === TCP_STATE.SYN_SENT || (socket.state === TCP_STATE.ESTABLISHED && isAsking(socket))),
  );
}

function connectionsOf(netns: NetnsSeries, dump: Dump, { pid }: Holder, key: string): number {
  return clientsIn(netns, dump).filter(
    (socket) => socket.process?.pid === pid && socket.state === TCP_STATE.ESTABLISHED && keyOf(socket) === key,
  ).length;
}

function keyOf({ peer, peerPort }: StoredSocket): string {
  return `${peer?.plain} ${peerPort}`;
}
