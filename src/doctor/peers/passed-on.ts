import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { isLoopback } from '../../model/socket/loopback.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { backwards, otherEndOf, tupleOf } from '../snapshots/same-socket.ts';
import { type Dump, dumpsOf } from '../snapshots/snapshots.ts';

/** In so many of the last snapshots something must have waited to be sent; in all where there are fewer. */
const SNAPSHOTS = 2;

/**
 * Whether a process reads slowly because those to which it passes the data on take it slowly (a proxy without buffers, a
 * copy): as many of its other connections had something to send in each of the last snapshots.
 *
 * @param reading its connections that it reads slowly
 */
export function passesOn(dumps: readonly Dump[], reading: readonly StoredSocket[]): boolean {
  const pid = reading[0]?.process?.pid;
  const last = dumps.at(-1);
  if (pid === undefined || last === undefined) return false;
  const own = new Set(reading.map(({ inode }) => inode));
  const waiting = last.sockets.filter(
    (socket) =>
      socket.proto === 'tcp' &&
      socket.process?.pid === pid &&
      !own.has(socket.inode) &&
      isSending(socket) &&
      backwards(dumps, socket, isSending).length >= Math.min(SNAPSHOTS, dumps.length),
  );
  return waiting.length >= reading.length;
}

function isSending({ sendQueue, peerPort }: StoredSocket): boolean {
  return (sendQueue ?? 0) > 0 && peerPort !== 0;
}

/** Whether the processes at the other ends of connections are watched, and each of them {@link passesOn passes on} what it reads. */
export function peersPassOn(series: Series, from: NetnsSeries, sockets: readonly StoredSocket[]): boolean {
  const wanted = new Map(sockets.map((socket) => [otherEndOf(socket), socket]));
  const found = series.namespaces.flatMap((netns) => {
    const dumps = dumpsOf(netns);
    const ends = (dumps.at(-1)?.sockets ?? []).filter((socket) => {
      const here = socket.proto === 'tcp' ? wanted.get(tupleOf(socket)) : undefined;
      return here !== undefined && (netns === from || !isLoopback(here.peer?.plain ?? ''));
    });
    return [...Map.groupBy(ends, ({ process }) => process?.pid).values()].map((reading) => ({ dumps, reading }));
  });
  const seen = found.reduce((sum, { reading }) => sum + reading.length, 0);
  return seen === sockets.length && found.every(({ dumps, reading }) => passesOn(dumps, reading));
}
