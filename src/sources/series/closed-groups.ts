import { type ClosedGroup, GREETING_BYTES, IDLE_BEFORE_MS } from '../../model/sample/closed-group.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import { peerAddress, plainAddress } from '../../model/socket/endpoint.ts';

/** Connections that certainly lived shorter than this are counted as short-lived, milliseconds. */
const SHORT_MS = 1000;

/** Counts closed connections, grouped by outcome, endpoint, process and container. */
export class ClosedGroups {
  #groups = new Map<string, ClosedGroup>();

  /** Adds the end of a connection. @param lastSnapshotMs when its namespace was last dumped, milliseconds since the epoch */
  add(event: ConnectionEvent, lastSnapshotMs: number | undefined): void {
    const { socket, processes, role, container, outcome } = event;
    if (outcome === undefined) return;
    const server = role === 'server';
    const address = plainAddress(peerAddress(socket));
    const peerPort = server ? 0 : socket.peerPort;
    const localPort = server ? socket.localPort : 0;
    const [process] = processes;
    const key = `${socket.proto} ${outcome} ${address} ${peerPort} ${localPort} ${process?.pid} ${container}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = {
        proto: socket.proto,
        outcome,
        peerAddress: address,
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
      this.#groups.set(key, group);
    }
    const sentInAll = socket.tcpInfoNumber('bytesSent');
    const sent = sentInAll === undefined ? undefined : sentInAll - (socket.tcpInfoNumber('bytesRetransmitted') ?? 0);
    const received = socket.tcpInfoNumber('bytesReceived');
    const short = isShort(event, lastSnapshotMs);
    group.count++;
    if (short) group.shortLived++;
    if (short && outcome !== 'refused' && isGreeting(received) && sent !== undefined && sent <= GREETING_BYTES) {
      group.greetedOnly++;
      if (sent === 0) group.silent++;
    }
    if (isIdled(event)) group.idled = (group.idled ?? 0) + 1;
    group.bytesSent += sent ?? 0;
    group.bytesReceived += received ?? 0;
    group.retransmits += socket.tcpInfoNumber('totalRetrans') ?? 0;
  }

  /** The groups since the last call. */
  take(): ClosedGroup[] {
    const groups = [...this.#groups.values()];
    this.#groups = new Map();
    return groups;
  }
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

function isIdled({ socket }: ConnectionEvent): boolean {
  const sent = socket.tcpInfoNumber('lastSentMs');
  const received = socket.tcpInfoNumber('lastReceivedMs');
  return sent !== undefined && received !== undefined && Math.min(sent, received) >= IDLE_BEFORE_MS;
}
