import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import type { StackSetting } from '../../model/stack/stack-facts.ts';
import { isProxy } from '../pools/proxies.ts';
import { ownNofile } from '../processes/own-nofile.ts';
import { sameIn } from '../snapshots/same-socket.ts';
import { covers } from '../snapshots/windows.ts';
import { limitSettings } from '../stacks/stack-of.ts';
import { acceptedIn, obstacleOf } from './acceptance.ts';
import { awaitedBy } from './awaited.ts';
import type { Listener, QueueSnapshot } from './listeners.ts';
import { isIdle } from './requests.ts';

/** A number of connections that a program does not go beyond, while others wait to be accepted. */
export interface ConnectionCap {
  /** Accepted connections, as last seen. */
  held: readonly StoredSocket[];
  /** Of them those on which nothing is owed. */
  idle: readonly StoredSocket[];
  /** How many were accepted in each snapshot. */
  counts: readonly number[];
  /** How many waited in each snapshot. */
  waiting: readonly number[];
  /** For how long it has been so, milliseconds up to the last snapshot. */
  forMs: number;
  /** The setting that limits connections, with its proof; undefined where the program's is not known. */
  setting: StackSetting | undefined;
  /** The limit, with what counts beside the connections: of its setting, else of the descriptors that it sets itself, else what it holds. */
  limit: number;
}

/** A number that is flat differs by this share at most, or by one. */
const FLAT = 0.02;

/** Of the connections so many are the same from the first to the last snapshot. */
const SAME = 0.9;

/** Of the connections so many are idle. */
const IDLE = 0.5;

/** Settings of programs that compute their limit of open files from their limit of connections. */
const OF_CONNECTIONS = ['-c', 'maxconn', 'maxclients'];

/**
 * Whether a program stands at a limit of connections of its own: in every snapshot connections wait in the queue, and the
 * number of accepted ones is flat, being the number of its setting, or the same connections all the time and most of
 * them idle. Workers that are busy without such a setting are none (a full load), nor those that wait for another server, nor is a process without a
 * descriptor left, unless it computes that limit from its own.
 */
export function connectionCap(
  series: Series,
  netns: NetnsSeries,
  listener: Listener,
  windowMs: number,
): ConnectionCap | undefined {
  if (listener.last.waiting === 0) return undefined;
  const { socket } = listener;
  const standing = sinceWaiting(listener);
  const [first] = standing;
  const last = standing.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const forMs = last.dump.atMs - first.dump.atMs;
  if (standing.length < 2 || !covers(forMs, windowMs) || isStarved(netns, listener)) return undefined;
  const counts = standing.map(({ dump }) => acceptedIn(dump, socket).length);
  const held = acceptedIn(last.dump, socket);
  const most = Math.max(...counts);
  if (held.length === 0 || most - Math.min(...counts) > Math.max(1, most * FLAT)) return undefined;
  const setting = limitSettings(series, socket.holders).find(({ value }) => isNear(held.length, value));
  const same = held.filter((each) => (sameIn(first.dump, each)?.inode ?? 0) !== 0);
  const idle = held.filter(isIdle);
  const isHeld = same.length >= held.length * SAME && idle.length >= held.length * IDLE;
  if (!isHeld && (setting === undefined || waitElsewhere(series, netns, socket, held, windowMs))) return undefined;
  const known = setting ?? limitSettings(series, socket.holders)[0];
  const obstacle = obstacleOf(netns, listener);
  const descriptors = obstacle?.kind === 'descriptors' ? obstacle.limit : held.length;
  return {
    held,
    idle,
    counts,
    waiting: standing.map(({ waiting }) => waiting),
    forMs,
    setting: known,
    limit: typeof known?.value === 'number' ? Math.max(known.value, held.length) : descriptors,
  };
}

/**
 * Whether the workers that serve the accepted connections wait for one other server: more of them would wait, too. A proxy
 * has a request to another server for each of its clients, whatever limits it.
 */
function waitElsewhere(
  series: Series,
  netns: NetnsSeries,
  socket: StoredSocket,
  held: readonly StoredSocket[],
  windowMs: number,
): boolean {
  if (isProxy(socket.process?.name)) return false;
  const pids = new Set([socket, ...held].flatMap(({ holders }) => holders.map(({ pid }) => pid)));
  const [most] = awaitedBy(series, netns, pids, windowMs / 2);
  return most !== undefined && most.count >= held.length * IDLE;
}

/** The last snapshots in a row in which connections waited. */
function sinceWaiting({ snapshots }: Listener): readonly QueueSnapshot[] {
  const empty = snapshots.findLastIndex(({ waiting }) => waiting === 0);
  return snapshots.slice(empty + 1);
}

function isStarved(netns: NetnsSeries, listener: Listener): boolean {
  if (obstacleOf(netns, listener)?.kind !== 'descriptors') return false;
  const own = ownNofile(listener.socket.process ?? { name: '' });
  return own === undefined || !OF_CONNECTIONS.includes(own.setting);
}

function isNear(count: number, limit: number | string): boolean {
  return typeof limit === 'number' && Math.abs(count - limit) <= Math.max(2, limit * FLAT);
}
