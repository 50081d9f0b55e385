import {
  type ClosedGroup,
  type EventRun,
  GREETING_BYTES,
  IDLE_BEFORE_MS,
  type IdleTimes,
  NOTICE_BYTES,
  RUN_GAP_MS,
} from '../../model/sample/closed-group.ts';
import { type ConnectionEvent, isFailure } from '../../model/socket/connection-event.ts';
import { peerAddress, plainAddress } from '../../model/socket/endpoint.ts';
import { ClosedKeys } from './closed-keys.ts';

/** Connections that certainly lived shorter than this are counted as short-lived, milliseconds. */
const SHORT_MS = 1000;

/** A reset so soon after something was sent is the answer to it: a round trip, also to another continent. Milliseconds. */
const AT_ONCE_MS = 1000;

/** Counts closed connections, grouped by outcome, endpoint, process and container. */
export class ClosedGroups {
  /** Its numbers are indexes of {@link #groups}. */
  readonly #keys = new ClosedKeys();
  #groups: ClosedGroup[] = [];

  /** Adds the end of a connection. @param lastSnapshotMs when its namespace was last dumped, milliseconds since the epoch */
  add(event: ConnectionEvent, lastSnapshotMs: number | undefined): void {
    const { socket, processes, role, container, outcome, count = 1 } = event;
    if (outcome === undefined) return;
    const server = role === 'server';
    const peerPort = server ? 0 : socket.peerPort;
    const localPort = server ? socket.localPort : 0;
    const [process] = processes;
    const index = this.#keys.indexOf(event);
    let group = this.#groups[index];
    if (group === undefined) {
      group = {
        proto: socket.proto,
        outcome,
        peerAddress: plainAddress(peerAddress(socket)),
        peerPort,
        localPort,
        ...(role !== undefined && { role }),
        ...(process !== undefined && { process: { pid: process.pid, name: process.name } }),
        ...(container !== undefined && { container }),
        count: 0,
        shortLived: 0,
        greetedOnly: 0,
        silent: 0,
        bytesSent: 0,
        bytesReceived: 0,
        retransmits: 0,
      };
      this.#groups.push(group);
    }
    const sentInAll = socket.tcpInfoNumber('bytesSent');
    const sent = sentInAll === undefined ? undefined : sentInAll - (socket.tcpInfoNumber('bytesRetransmitted') ?? 0);
    const received = socket.tcpInfoNumber('bytesReceived');
    const short = isShort(event, lastSnapshotMs);
    group.count += count;
    if (short) group.shortLived += count;
    if (short) countShort(group, event, sent, received);
    this.#addIdle(group, event);
    if (event.closedBy === 'local') group.endedHere = (group.endedHere ?? 0) + count;
    if (event.closedBy === 'peer') group.endedByPeer = (group.endedByPeer ?? 0) + count;
    const { acceptWaitUs } = event;
    if (acceptWaitUs !== undefined) group.acceptWaitUs = Math.max(group.acceptWaitUs ?? 0, acceptWaitUs);
    group.bytesSent += (sent ?? 0) * count;
    group.bytesReceived += (received ?? 0) * count;
    group.retransmits += (socket.tcpInfoNumber('totalRetrans') ?? 0) * count;
  }

  #addIdle(group: ClosedGroup, { socket, outcome, closedBy, count = 1 }: ConnectionEvent): void {
    const sentMs = socket.tcpInfoNumber('lastSentMs');
    const receivedMs = socket.tcpInfoNumber('lastReceivedMs');
    if (sentMs === undefined || receivedMs === undefined) return;
    const idleMs = Math.min(sentMs, receivedMs);
    if (idleMs >= IDLE_BEFORE_MS) {
      group.idled = (group.idled ?? 0) + count;
      if (closedBy === 'peer' && outcome === 'closed')
        group.peerTimeouts = withTimes(group.peerTimeouts, count, idleMs);
    }
    const silenceMs = receivedMs - sentMs;
    if (outcome === 'reset' && sentMs <= AT_ONCE_MS && silenceMs >= IDLE_BEFORE_MS) {
      group.metClose = withTimes(group.metClose, count, silenceMs);
    }
  }

  /** The groups since the last call. */
  take(): ClosedGroup[] {
    const groups = this.#groups;
    // A list of its own: the present one is what the next connections are added to.
    if (groups.length === 0) return [];
    this.#groups = [];
    this.#keys.clear();
    return groups;
  }
}

/** Counts a connection that lived for less than a second, by what was said on it. */
function countShort(
  group: ClosedGroup,
  event: ConnectionEvent,
  sent: number | undefined,
  received: number | undefined,
): void {
  const { role, outcome, closedBy, atMs, count = 1 } = event;
  if (outcome === undefined) return;
  const dropped = isDropped(event, sent, received);
  if (dropped) group.dropped = (group.dropped ?? 0) + count;
  if (role === 'server' && !isFailure(outcome) && received !== undefined && received <= 1)
    group.mute = (group.mute ?? 0) + count;
  if (outcome === 'refused' || !isGreeting(received) || sent === undefined || sent > GREETING_BYTES) return;
  group.greetedOnly += count;
  if (sent === 0) group.silent += count;
  if (sent === 0 || closedBy !== 'local') group.refusalRuns = withEvents(group.refusalRuns, count, atMs);
  const byServer = closedBy === (role === 'server' ? 'local' : 'peer');
  if (sent > 0 && byServer && !dropped) group.turnedAway = (group.turnedAway ?? 0) + count;
}

/** A socket that no snapshot had was opened since the last one: the time since then is an upper bound for its life. */
function isShort({ atMs, openedAtMs, remembered }: ConnectionEvent, lastSnapshotMs: number | undefined): boolean {
  if (openedAtMs !== undefined) return atMs - openedAtMs < SHORT_MS;
  if (remembered !== undefined) {
    return remembered.notBeforeMs !== undefined && atMs - remembered.notBeforeMs < SHORT_MS;
  }
  return lastSnapshotMs !== undefined && atMs - lastSnapshotMs < SHORT_MS;
}

/** Whether the peer sent something, its end-of-file not counted, that is as short as a greeting. False where unknown. */
function isGreeting(received: number | undefined): boolean {
  return received !== undefined && received > 1 && received <= GREETING_BYTES;
}

function withEvents(runs: EventRun[] | undefined, count: number, atMs: number): EventRun[] {
  const last = runs?.at(-1);
  if (runs === undefined || last === undefined || atMs - last.toMs > RUN_GAP_MS)
    return [...(runs ?? []), { fromMs: atMs, toMs: atMs, count }];
  last.fromMs = Math.min(last.fromMs, atMs);
  last.toMs = Math.max(last.toMs, atMs);
  last.count += count;
  return runs;
}

function withTimes(times: IdleTimes | undefined, count: number, ms: number): IdleTimes {
  if (times === undefined) return { count, leastMs: ms, mostMs: ms };
  return {
    count: times.count + count,
    leastMs: Math.min(times.leastMs, ms),
    mostMs: Math.max(times.mostMs, ms),
  };
}

/** Whether a server let a client in and ended it unheard: see `ClosedGroup.dropped`. */
function isDropped(event: ConnectionEvent, sent: number | undefined, received: number | undefined): boolean {
  const { role, outcome, closedBy, socket } = event;
  if (sent === undefined || received === undefined || outcome === undefined || isFailure(outcome)) return false;
  if (role === 'client') {
    // An end of file is a byte.
    return closedBy === 'peer' && sent > 0 && received <= 1;
  }
  if (role !== 'server' || closedBy !== 'local' || sent > NOTICE_BYTES || outcome === 'never-accepted') return false;
  return received <= 1 || (socket.receiveQueue ?? 0) >= received - 1;
}
