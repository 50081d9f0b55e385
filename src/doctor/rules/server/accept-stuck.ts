import { byName } from '../../../base/by-name.ts';
import { plural } from '../../../base/plural.ts';
import type { Evidence, Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import type { StoredSocket } from '../../../model/socket/stored-socket.ts';
import { blockedFix, deadlineSnippet } from '../../fixes/deadlines.ts';
import { LOCK_FIXES } from '../../fixes/transaction-fixes.ts';
import { waitingStatementFixes } from '../../fixes/unanswered-fixes.ts';
import { acceptedIn, nothingAcceptedFor, obstacleOf, unacceptedIn } from '../../listeners/acceptance.ts';
import { type Awaited, awaitedBy } from '../../listeners/awaited.ts';
import { connectionCap } from '../../listeners/connection-cap.ts';
import { type Listener, tcpListeners } from '../../listeners/listeners.ts';
import { hasUnreadRequest, isAsked } from '../../listeners/requests.ts';
import { receiverWaitedFor } from '../../listeners/unix-datagrams.ts';
import { unservedBehind } from '../../listeners/unserved.ts';
import { namespaceByAddress } from '../../peers/namespace-by-address.ts';
import { serverOf } from '../../peers/server-of.ts';
import { perNamespace } from '../../per-scope.ts';
import { sessionsAt } from '../../pools/held-pools.ts';
import { databaseAt } from '../../pools/servers.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { dumpsOf } from '../../snapshots/snapshots.ts';
import { covers } from '../../snapshots/windows.ts';
import { stackOf } from '../../stacks/stack-of.ts';
import { duration } from '../../texts.ts';

const settings = {
  windowMs: {
    default: 8000,
    unit: 'ms',
    text: 'how long nothing is accepted, or read, on a port where something waits',
  },
  critical: { default: 5, unit: 'count', text: 'connections that wait' },
} as const;

type Values = SettingValues<typeof settings>;

/** A server that has stopped: connections wait to be accepted, or accepted ones to be read, and none of them gets further. */
export const acceptStuck = rule({
  name: 'ACCEPT_STUCK',
  title: 'A server that takes no requests any more: what came in waits, and nothing moves',
  settings,
  needsMs: ({ windowMs }) => windowMs,
  needsSnapshots: () => 2,
  judge: perNamespace(ofNamespace),
});

/** What waits at a listener. */
interface Stuck {
  listener: Listener;
  queued: readonly StoredSocket[];
  /** Accepted, with a request that is not read. */
  unread: readonly StoredSocket[];
  /** Accepted, with a request that was read and has no answer; the oldest first, which may be what keeps it busy. */
  underway: readonly StoredSocket[];
  forMs: number;
}

function ofNamespace(netns: NetnsSeries, input: RuleInput, values: Values): Fault[] {
  return tcpListeners(dumpsOf(netns)).flatMap((listener) => {
    const stuck = stuckAt(listener, values.windowMs);
    if (stuck === undefined || obstacleOf(netns, listener)?.kind === 'descriptors') return [];
    // A server that is alive and has enough clients is not stuck.
    if (connectionCap(input.series, netns, listener, values.windowMs) !== undefined) return [];
    return [ofListener(netns, input, stuck, values)];
  });
}

function stuckAt(listener: Listener, windowMs: number): Stuck | undefined {
  const { socket, last } = listener;
  const isLong = (forMs: number | undefined): forMs is number => forMs !== undefined && covers(forMs, windowMs);
  const queuedMs = nothingAcceptedFor(listener);
  const unserved = unservedBehind(listener).filter(({ forMs }) => isLong(forMs));
  if (!isLong(queuedMs) && unserved.length === 0) return undefined;
  return {
    listener,
    queued: isLong(queuedMs) ? unacceptedIn(last.dump, socket) : [],
    unread: unserved.flatMap(({ sockets }) => sockets),
    underway: acceptedIn(last.dump, socket)
      .filter((each) => isAsked(each) && !hasUnreadRequest(each))
      .sort((a, b) => requestAge(b) - requestAge(a) || byName(peerText(a), peerText(b))),
    forMs: Math.min(...[queuedMs, ...unserved.map(({ forMs }) => forMs)].filter(isLong)),
  };
}

function ofListener(netns: NetnsSeries, { series }: RuleInput, stuck: Stuck, values: Values): Fault {
  const { listener, queued, unread, underway, forMs } = stuck;
  const { socket, last } = listener;
  const { localPort: port, process } = socket;
  const all = [...queued, ...unread];
  const oldestMs = Math.max(...all.map((each) => each.tcpInfoNumber('lastReceivedMs') ?? 0), forMs);
  const pids = new Set(
    [socket, ...acceptedIn(last.dump, socket)].flatMap(({ holders }) => holders.map(({ pid }) => pid)),
  );
  const awaited = awaitedBy(series, netns, pids, values.windowMs / 2);
  const [first] = awaited;
  const itself = awaited.find((each) => isOwnPort(series, netns, each, listener));
  const main = itself ?? first;
  const sessions = main === undefined || main === itself ? undefined : sessionsAt(series, netns, main);
  const locked = sessions?.waitingForLock ?? 0;
  // Where it is not known what it waits for over TCP.
  const log = main === undefined ? receiverWaitedFor(netns, pids)?.receiver : undefined;
  const stopped = stackOf(series, process)?.stopped;
  const logName = log === undefined ? undefined : (log.path ?? `inode ${log.inode}`);
  const parts = [
    ...(queued.length === 0 ? [] : [`${plural(queued.length, 'connection')} not accepted`]),
    ...(unread.length === 0 ? [] : [`${plural(unread.length, 'request')} not read`]),
  ];
  const database = main === undefined ? undefined : databaseAt(series, netns, main.peer, main.port)?.name;
  const ofDatabase =
    locked > 0 ? LOCK_FIXES : main?.kind === 'answer' && sessions === undefined ? waitingStatementFixes(database) : [];
  return {
    severity: all.length >= values.critical ? 'critical' : 'warning',
    confidence: 'high',
    holder: socket,
    summary: `port ${port} has stood still for ${duration(forMs)}: ${parts.join(', ')}${main === undefined ? '' : `; ${becauseOf(main, main === itself)}${locked === 0 ? '' : `; ${plural(locked, 'session')} of that database ${locked === 1 ? 'waits' : 'wait'} for a lock`}`}${logName === undefined ? '' : `; it waits for ${logName}, whose reader does not read`}${stopped === undefined ? '' : `; its process is ${stopped === 'signal' ? 'stopped by a signal' : 'frozen: its container is paused'}`}`,
    evidence: [
      ...(stopped === undefined ? [] : [stoppedEvidence(stopped)]),
      ...counted(`connections that wait to be accepted on port ${port}`, queued.length, QUEUE),
      ...counted('accepted connections whose request is not read', unread.length, 'sock_diag, receive queue'),
      { what: 'the oldest of them waits for', value: oldestMs, unit: 'ms', source: 'sock_diag, last data received' },
      ...awaited.map(awaitedEvidence),
      ...counted('sessions of that database that wait for a lock', locked, "titles of PostgreSQL's processes"),
      {
        what: 'nothing was accepted or read for',
        value: forMs,
        unit: 'ms',
        source: 'sock_diag, the same in every snapshot',
      },
      ...(underway.length === 0 ? [] : [underwayEvidence(underway, series.names)]),
    ],
    fixes: [
      ...(stopped === undefined && main !== itself ? ofDatabase : []),
      ...fixesOf(main, main === itself, stackOf(series, process), {
        socket,
        busy: underway[0],
        toDatabase: database !== undefined,
      }),
    ],
    byHand: (target) =>
      `socklens ls ${target} 'sport = ${port}'; socklens ls ${target} 'state connected' --by process,peer`,
    sinceMs: last.dump.atMs - oldestMs,
    about: `port ${port}`,
    ...(logName !== undefined && { waitsFor: `unix ${logName}` }),
    ...(main !== undefined && main !== itself && serverOf(series, netns, main.peer, main.port)),
  };
}

function stoppedEvidence(stopped: 'signal' | 'freezer'): Evidence {
  return stopped === 'signal'
    ? { what: 'state of its process', value: 'T (stopped by a signal)', source: '/proc/PID/stat' }
    : { what: 'cgroup of its process', value: 'frozen', source: 'cgroup.events' };
}

const QUEUE = 'sock_diag, connections without an inode';

function counted(what: string, value: number, source: string): Evidence[] {
  return value === 0 ? [] : [{ what, value, source }];
}

/** Whether what it waits for is its own listener. */
function isOwnPort(series: RuleInput['series'], netns: NetnsSeries, { peer, port }: Awaited, { socket }: Listener) {
  return port === socket.localPort && namespaceByAddress(series, netns, peer) === netns;
}

function becauseOf({ text, kind, count, longestMs }: Awaited, isItself: boolean): string {
  if (isItself) return `it waits for itself: ${plural(count, 'request')} to its own port`;
  return kind === 'connection'
    ? `it waits for a connection to ${text}, for ${duration(longestMs)}`
    : `it waits for ${text}, which has not answered ${plural(count, 'request')} for ${duration(longestMs)}`;
}

function awaitedEvidence({ text, kind, count, longestMs }: Awaited): Evidence {
  const what =
    kind === 'connection'
      ? `connects of its processes to ${text} without an answer`
      : `requests of its processes to ${text} without an answer`;
  return { what, value: `${count}, for up to ${duration(longestMs)}`, source: 'sock_diag' };
}

/** Those that it works on. */
function underwayEvidence(sockets: readonly StoredSocket[], names: RuleInput['series']['names']): Evidence {
  const [oldest] = sockets;
  const from =
    oldest === undefined
      ? ''
      : `, the oldest from ${endpointText(names, oldest.peer, oldest.peerPort)} for ${duration(requestAge(oldest))}`;
  return { what: 'requests that were read and have no answer', value: `${sockets.length}${from}`, source: 'sock_diag' };
}

function peerText({ peer, peerPort }: StoredSocket): string {
  return `${peer?.plain}:${peerPort}`;
}

/** Milliseconds since the last bytes of a request came; 0 where that is not known. */
function requestAge(socket: StoredSocket): number {
  return socket.tcpInfoNumber('lastReceivedMs') ?? 0;
}

function fixesOf(
  main: Awaited | undefined,
  isItself: boolean,
  stack: ReturnType<typeof stackOf>,
  {
    socket: { process },
    busy,
    toDatabase,
  }: { socket: StoredSocket; busy: StoredSocket | undefined; toDatabase: boolean },
): Fix[] {
  // Of a server that forks, the worker and not its parent.
  const blocked = blockedFix(process?.name, (busy?.process ?? process)?.pid, stack?.stopped);
  if (main === undefined || stack?.stopped !== undefined) return [blocked];
  // The deadlines of a language are those of HTTP.
  const snippet = toDatabase ? undefined : deadlineSnippet(stack, process?.name);
  const text = isItself
    ? 'do not call its own port while it serves a request: the call waits behind the requests that wait for it; call the function directly, or have more workers than such calls at once, and give the call a timeout'
    : main.kind === 'connection'
      ? `call ${main.text} with a timeout for connecting, and find out why it cannot be reached`
      : `call ${main.text} with a timeout, and find out there why it does not answer: one call without a deadline stops every worker that makes it`;
  return [{ where: 'the application', text, ...(snippet !== undefined && { snippet }) }, blocked];
}
