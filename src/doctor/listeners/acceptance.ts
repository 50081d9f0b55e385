import type { NetnsSeries } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { type Dump, lastProcess, tcpIn } from '../snapshots/snapshots.ts';
import { covers, spanOf } from '../snapshots/windows.ts';
import { cameThrough, type Listener, type QueueSnapshot } from './listeners.ts';

/** In less time a worker may be busy with one request. */
const STUCK_MS = 2000;

/** Long enough for a queue that is served slowly to have moved. */
const CERTAIN_MS = 8000;

/** A client may have closed its side of a connection that still waits. */
const OPEN: readonly number[] = [TCP_STATE.ESTABLISHED, TCP_STATE.CLOSE_WAIT];

/** Connections that came through a listener and that no process has accepted: they have no inode. */
export function unacceptedIn(dump: Dump, listener: StoredSocket): StoredSocket[] {
  return cameIn(dump, listener).filter(({ inode }) => inode === 0);
}

/** Connections that came through a listener and that a process has accepted and not closed. */
export function acceptedIn(dump: Dump, listener: StoredSocket): StoredSocket[] {
  return cameIn(dump, listener).filter(({ inode }) => inode !== 0);
}

function cameIn(dump: Dump, listener: StoredSocket): StoredSocket[] {
  return OPEN.flatMap((state) => tcpIn(dump, state)).filter((socket) => cameThrough(socket, listener));
}

/** Why the queue of a listener does not get shorter, whatever its length. */
export type Obstacle =
  /** The process has no descriptor left: accept(2) fails. */
  | { kind: 'descriptors'; used: number; limit: number }
  /** Nothing was accepted for so long, up to the last snapshot. */
  | { kind: 'stuck'; forMs: number };

/** What keeps a listener from accepting; undefined where it accepts, where nothing waits, or where one snapshot does not tell. */
export function obstacleOf(netns: NetnsSeries, listener: Listener): Obstacle | undefined {
  const program = lastProcess(netns, listener.socket.process?.pid);
  if (program !== undefined && program.softLimit !== null && program.used >= program.softLimit) {
    return { kind: 'descriptors', used: program.used, limit: program.softLimit };
  }
  const forMs = nothingAcceptedFor(listener);
  if (forMs === undefined) return undefined;
  const seenMs = spanOf(listener.snapshots.map(({ dump }) => dump));
  // In a short series everything must have stood still.
  const isLong = covers(forMs, Math.max(STUCK_MS, Math.min(seenMs, CERTAIN_MS)));
  return isLong ? { kind: 'stuck', forMs } : undefined;
}

/**
 * For how long nothing has been accepted, milliseconds up to the last snapshot: whatever waited in one snapshot still
 * waited in the next. A queue is served in order, so that one accepted connection would be one of them. Undefined where
 * nothing waited, for a single snapshot, without cookies (`/proc`), and where several listeners share the port.
 */
export function nothingAcceptedFor({ socket, snapshots }: Listener): number | undefined {
  let since: QueueSnapshot | undefined;
  let later: ReadonlySet<number> | undefined;
  for (let index = snapshots.length - 1; index >= 0; index--) {
    const snapshot = snapshots[index];
    if (snapshot === undefined || snapshot.waiting === 0) break;
    const waited = unacceptedIn(snapshot.dump, socket).map(({ cookie }) => cookie);
    // Of the connections of several listeners on one port nothing tells which waits where.
    if (waited.length === 0 || waited.length > snapshot.waiting || waited.includes(0)) break;
    if (later !== undefined && !waited.every((cookie) => later?.has(cookie))) break;
    later = new Set(waited);
    since = snapshot;
  }
  const last = snapshots.at(-1);
  if (since === undefined || last === undefined || since === last) return undefined;
  return last.dump.atMs - since.dump.atMs;
}
