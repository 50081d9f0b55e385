import { grouped } from '../../base/lists.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { sameIn } from '../snapshots/same-socket.ts';
import type { Dump } from '../snapshots/snapshots.ts';
import { acceptedIn } from './acceptance.ts';
import type { Listener } from './listeners.ts';
import { hasUnreadRequest } from './requests.ts';

/** Accepted connections of one process whose requests it does not read. */
export interface Unserved {
  /** As last seen. */
  sockets: readonly StoredSocket[];
  /** For how long its connections have stood still, all of them, milliseconds up to the last snapshot. */
  forMs: number;
}

/**
 * The processes behind a listener that stand still: they have unread requests, and between the snapshots they read
 * nothing, wrote nothing, accepted nothing and closed nothing on any connection of it. A process for each connection
 * (PostgreSQL) is busy with the request before the unread one: a single connection counts only where nothing was ever
 * read of it.
 */
export function unservedBehind({ socket, snapshots }: Listener): Unserved[] {
  const dumps = snapshots.map(({ dump }) => dump);
  const last = dumps.at(-1);
  if (last === undefined || !last.sockets.some((each) => each.localPort === socket.localPort && isUnread(each)))
    return [];
  const accepted = dumps.map((dump) => grouped(acceptedIn(dump, socket), pidOf));
  return [...(accepted.at(-1)?.keys() ?? [])].flatMap((pid): Unserved[] => {
    const held = accepted.map((byPid) => byPid.get(pid) ?? []);
    const now = held.at(-1) ?? [];
    if (!now.some(isUnread)) return [];
    let since = dumps.length - 1;
    while (since > 0 && standsStill(dumps[since - 1], held[since - 1] ?? [], held[since] ?? [])) since--;
    const first = dumps[since];
    if (first === undefined || first === last) return [];
    const sockets = now.filter((each) => {
      const before = sameIn(first, each);
      return isUnread(each) && before !== undefined && isUnread(before);
    });
    return isRequest(sockets) ? [{ sockets, forMs: last.atMs - first.atMs }] : [];
  });
}

function pidOf({ process }: StoredSocket): number {
  return process?.pid ?? 0;
}

function isUnread(socket: StoredSocket): boolean {
  return socket.inode !== 0 && hasUnreadRequest(socket);
}

function isRequest(sockets: readonly StoredSocket[]): boolean {
  const [only, ...others] = sockets;
  return only !== undefined && (others.length > 0 || readOf(only) === 0);
}

/** Whether the same connections are there, and nothing was read or written on any of them. */
function standsStill(
  before: Dump | undefined,
  earlier: readonly StoredSocket[],
  later: readonly StoredSocket[],
): boolean {
  if (before === undefined || earlier.length !== later.length) return false;
  return later.every((now) => {
    const then = sameIn(before, now);
    if (then === undefined || then.inode === 0) return false;
    const read = readOf(now);
    return read !== undefined && read === readOf(then) && sentOf(now) === sentOf(then);
  });
}

/** Bytes that the process has read. An end of file that is unread is in both numbers. */
function readOf(socket: StoredSocket): number | undefined {
  const received = socket.tcpInfoNumber('bytesReceived');
  const { receiveQueue } = socket;
  return received === undefined || receiveQueue === undefined ? undefined : received - receiveQueue;
}

/** Retransmissions are nothing that the process writes. */
function sentOf(socket: StoredSocket): number {
  return (socket.tcpInfoNumber('bytesSent') ?? 0) - (socket.tcpInfoNumber('bytesRetransmitted') ?? 0);
}
