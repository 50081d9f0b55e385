import { errnoName } from '../../../base/errno.ts';
import { hex64 } from '../../../base/hex.ts';
import type { Owner } from '../../../collect/owners/netns-owners.ts';
import type {
  ConnectionEvent,
  ConnectionEventRecord,
  ConnectionEventRow,
  EventKind,
  EventSource,
  Lifetime,
  Outcome,
  Remembered,
} from '../../../model/socket/connection-event.ts';
import type { Holder } from '../../../model/socket/socket-columns.ts';
import type { Proto, SocketView } from '../../../model/socket/socket-view.ts';
import type { NetnsReader } from '../netns-reader.ts';
import type { EndpointNames } from './endpoint-names.ts';
import { containerOf, processesOf } from './event-owner.ts';

/**
 * A live event: what its source tells, joined with what dumps showed of the socket. One object serves all events of a
 * source, moved from one to the next: there can be tens of thousands a second. What costs a search is computed when it
 * is asked for.
 */
export abstract class LiveEvent implements ConnectionEvent {
  abstract readonly source: EventSource;
  abstract readonly kind: EventKind;
  abstract readonly socket: SocketView;
  abstract readonly remembered: Remembered | undefined;
  abstract readonly outcome: Outcome | undefined;
  abstract readonly errno: number | undefined;
  abstract readonly atMs: number;
  abstract readonly openedAtMs: number | undefined;
  abstract readonly closedBy: 'local' | 'peer' | undefined;
  /** See `ConnectionEventRow.latencyUs`. */
  abstract readonly latencyUs: number | undefined;
  /** See `ConnectionEventRow.acceptWaitUs`. */
  abstract readonly acceptWaitUs: number | undefined;
  abstract readonly opener: Owner | undefined;
  /** Set by the move to an event. */
  protected namespace!: NetnsReader;
  readonly #names: EndpointNames;
  /** Cached: events that were read together have the same time. */
  #at = new Date(0);
  /** Cached: several consumers ask for them. */
  #processes: readonly Holder[] | undefined;
  #container: string | undefined;
  #isContainerKnown = false;

  constructor(names: EndpointNames) {
    this.#names = names;
  }

  /** Forgets what was found out about the event before. */
  protected forget(): void {
    this.#processes = undefined;
    this.#isContainerKnown = false;
  }

  get proto(): Proto {
    return this.socket.proto;
  }
  get role(): 'client' | 'server' | undefined {
    if (this.socket.proto !== 'tcp') return undefined;
    return this.namespace.roles.ofClosed(this.socket);
  }
  get processes(): readonly Holder[] {
    this.#processes ??= processesOf(this.namespace, this);
    return this.#processes;
  }
  get container(): string | undefined {
    if (!this.#isContainerKnown) {
      this.#container = containerOf(this.namespace, this);
      this.#isContainerKnown = true;
    }
    return this.#container;
  }

  row(): ConnectionEventRow {
    const { socket, role, processes, container, outcome, errno, closedBy, latencyUs, acceptWaitUs } = this;
    const row: ConnectionEventRow = {
      event: this.kind,
      at: this.#date(),
      target: this.namespace.handle.target.name,
      proto: socket.proto,
      family: socket.family,
      local: this.#names.local(socket),
      peer: this.#names.peer(socket),
      source: this.source,
    };
    if (role !== undefined) row.role = role;
    if (processes.length > 0) row.processes = processes.map(({ pid, name }) => ({ pid, name }));
    if (container !== undefined) row.container = container;
    if (latencyUs !== undefined) row.latencyUs = latencyUs;
    if (acceptWaitUs !== undefined) row.acceptWaitUs = acceptWaitUs;
    if (outcome !== undefined) {
      row.outcome = outcome;
      // How long an attempt took is its latency.
      if (latencyUs === undefined) row.lifetime = this.#lifetime();
    }
    if (closedBy !== undefined) row.closedBy = closedBy;
    if (errno !== undefined) row.errno = errnoName(errno);
    const { cookieLow, cookieHigh } = socket;
    if (cookieLow !== 0 || cookieHigh !== 0) row.cookie = hex64(cookieHigh, cookieLow);
    // Fields that the event has lost are left out.
    const sent = socket.tcpInfoNumber('bytesSent');
    if (sent !== undefined) row.bytesSent = sent - (socket.tcpInfoNumber('bytesRetransmitted') ?? 0);
    const received = socket.tcpInfoNumber('bytesReceived');
    if (received !== undefined) row.bytesReceived = received;
    const rtt = socket.tcpInfoNumber('rttUs');
    if (rtt !== undefined && rtt !== 0) row.rttUs = rtt;
    const retransmits = socket.tcpInfoNumber('totalRetrans');
    if (retransmits !== undefined) row.retransmits = retransmits;
    return row;
  }

  record(): ConnectionEventRecord {
    const { socket, remembered } = this;
    const { receiveQueue, interfaceIndex } = socket;
    const lastSentMs = socket.tcpInfoNumber('lastSentMs');
    const lastReceivedMs = socket.tcpInfoNumber('lastReceivedMs');
    const lastAckReceivedMs = socket.tcpInfoNumber('lastAckReceivedMs');
    const record = this.row() as ConnectionEventRecord;
    record.atMs = this.atMs;
    record.netns = this.namespace.handle.target.netns;
    record.state = socket.state;
    if (receiveQueue !== undefined) record.receiveQueue = receiveQueue;
    if (interfaceIndex !== undefined) record.interfaceIndex = interfaceIndex;
    if (lastSentMs !== undefined) record.lastSentMs = lastSentMs;
    if (lastReceivedMs !== undefined) record.lastReceivedMs = lastReceivedMs;
    if (lastAckReceivedMs !== undefined) record.lastAckReceivedMs = lastAckReceivedMs;
    if (remembered !== undefined) record.remembered = remembered;
    return record;
  }

  #date(): Date {
    const atMs = Math.floor(this.atMs);
    if (this.#at.getTime() !== atMs) this.#at = new Date(atMs);
    return this.#at;
  }

  #lifetime(): Lifetime {
    const { atMs, openedAtMs, remembered } = this;
    if (openedAtMs !== undefined) {
      const ms = Math.max(0, Math.round(atMs - openedAtMs));
      return { atLeastMs: ms, atMostMs: ms };
    }
    if (remembered === undefined) return unseenLifetime(this.socket, this.namespace.memory.lastDumpMs, atMs);
    const { firstSeenMs, notBeforeMs } = remembered;
    const atLeastMs = Math.max(0, Math.round(atMs - firstSeenMs));
    return notBeforeMs === undefined ? { atLeastMs } : { atLeastMs, atMostMs: Math.round(atMs - notBeforeMs) };
  }
}

/**
 * The lifetime of a connection that no dump saw: opened since the last one. Two kinds may be older, because dumps
 * leave out sockets in CLOSE: a connection that was never established, and one that was reset before that dump and
 * closed after it, whose last data is then older than the dump.
 */
function unseenLifetime(view: SocketView, lastDumpMs: number | undefined, nowMs: number): Lifetime {
  const sentMs = view.tcpInfoNumber('lastSentMs');
  if (view.proto === 'tcp' && sentMs === undefined) return { atLeastMs: 0 };
  const atLeastMs = Math.max(sentMs ?? 0, view.tcpInfoNumber('lastReceivedMs') ?? 0);
  const atMostMs = lastDumpMs === undefined ? 0 : nowMs - lastDumpMs;
  return atLeastMs > atMostMs || lastDumpMs === undefined ? { atLeastMs } : { atLeastMs, atMostMs };
}
