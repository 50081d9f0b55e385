import { hex64 } from '../../base/hex.ts';
import type { Names } from '../../model/names.ts';
import type {
  ClosedConnection,
  ClosedConnectionRecord,
  ClosedConnectionRow,
  Lifetime,
  Outcome,
  Remembered,
} from '../../model/socket/closed-connection.ts';
import { ClosedConnectionView } from '../../model/socket/closed-connection-view.ts';
import { localAddress, mayNameService, peerAddress, plainAddress } from '../../model/socket/endpoint.ts';
import type { Endpoint } from '../../model/socket/socket-row.ts';
import type { Proto, SocketView } from '../../model/socket/socket-view.ts';
import type { NetnsReader } from './netns-reader.ts';

/** An address and its name. */
interface Host {
  address: string;
  name: string | undefined;
}

/** Cached hosts; when full the cache is cleared, because a public server sees ever new clients. */
const MAX_HOSTS = 50_000;

/**
 * A closed connection: its destroy event and what dumps showed of it. One object serves all connections, moved with
 * {@link moveTo}: there can be fifteen thousand a second.
 */
export class LiveClosedConnection implements ClosedConnection {
  remembered: Remembered | undefined;
  outcome: Outcome = 'closed';
  readonly socket = new ClosedConnectionView();
  readonly #names: Names | undefined;
  #namespace!: NetnsReader;
  /** When it was read; one object for all that were read together. */
  #at = new Date(0);
  /** Cached hosts, by the IPv4 address's word or the address's text. */
  readonly #hosts = new Map<number | string, Host>();
  readonly #services = new Map<number, string | undefined>();

  /** @param names undefined for plain numbers */
  constructor(names: Names | undefined) {
    this.#names = names;
  }

  /** @param outcome of `outcomeOf`, with `mangled-child` decided @param at when the event was read */
  moveTo(
    namespace: NetnsReader,
    event: SocketView,
    remembered: Remembered | undefined,
    outcome: Outcome,
    at: Date,
  ): this {
    this.#namespace = namespace;
    this.remembered = remembered;
    this.outcome = outcome;
    this.#at = at;
    this.socket.moveTo(event, remembered);
    return this;
  }

  get proto(): Proto {
    return this.socket.proto;
  }
  get atMs(): number {
    return this.#at.getTime();
  }
  get role(): 'client' | 'server' | undefined {
    if (this.socket.proto !== 'tcp') return undefined;
    return this.#namespace.roles.ofClosed(this.socket);
  }
  get container(): string | undefined {
    return this.#namespace.containerOfClosed(this.socket, this.remembered);
  }

  row(): ClosedConnectionRow {
    const { socket, remembered, role, container } = this;
    const row: ClosedConnectionRow = {
      at: this.#at,
      target: this.#namespace.handle.target.name,
      proto: socket.proto,
      family: socket.family,
      local: this.#endpoint(this.#localHost(socket), socket.localPort, socket.proto),
      peer: this.#endpoint(this.#peerHost(socket), socket.peerPort, socket.proto),
      lifetime: lifetimeOf(this.#namespace, socket, remembered, this.atMs),
      outcome: this.outcome,
      cookie: hex64(socket.cookieHigh, socket.cookieLow),
    };
    if (role !== undefined) row.role = role;
    const [holder] = remembered?.holders ?? [];
    if (holder !== undefined) row.process = { pid: holder.pid, name: holder.name };
    if (container !== undefined) row.container = container;
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

  record(): ClosedConnectionRecord {
    const { socket, remembered } = this;
    const { receiveQueue, interfaceIndex } = socket;
    const lastSentMs = socket.tcpInfoNumber('lastSentMs');
    const lastReceivedMs = socket.tcpInfoNumber('lastReceivedMs');
    const lastAckReceivedMs = socket.tcpInfoNumber('lastAckReceivedMs');
    return {
      ...this.row(),
      netns: this.#namespace.handle.target.netns,
      state: socket.state,
      ...(receiveQueue !== undefined && { receiveQueue }),
      ...(interfaceIndex !== undefined && { interfaceIndex }),
      ...(lastSentMs !== undefined && { lastSentMs }),
      ...(lastReceivedMs !== undefined && { lastReceivedMs }),
      ...(lastAckReceivedMs !== undefined && { lastAckReceivedMs }),
      ...(remembered !== undefined && { remembered }),
    };
  }

  #localHost(view: SocketView): Host {
    const key = view.family === 'inet' ? view.localWord(0) : localAddress(view);
    return this.#hosts.get(key) ?? this.#addHost(key, localAddress(view));
  }

  #peerHost(view: SocketView): Host {
    const key = view.family === 'inet' ? view.peerWord(0) : peerAddress(view);
    return this.#hosts.get(key) ?? this.#addHost(key, peerAddress(view));
  }

  #addHost(key: number | string, address: string): Host {
    const host = { address, name: this.#names?.host(plainAddress(address)) };
    if (this.#hosts.size >= MAX_HOSTS) this.#hosts.clear();
    this.#hosts.set(key, host);
    return host;
  }

  #endpoint({ address, name }: Host, port: number, proto: Proto): Endpoint {
    const endpoint: Endpoint = { address, port };
    if (name !== undefined) endpoint.name = name;
    if (this.#names === undefined || !mayNameService(port)) return endpoint;
    const service = this.#serviceOf(this.#names, port, proto);
    if (service !== undefined) endpoint.service = service;
    return endpoint;
  }

  #serviceOf(names: Names, port: number, proto: Proto): string | undefined {
    const key = proto === 'udp' ? port + 0x10000 : port;
    if (!this.#services.has(key)) this.#services.set(key, names.service(port, proto));
    return this.#services.get(key);
  }
}

function lifetimeOf(
  { memory }: NetnsReader,
  view: SocketView,
  remembered: Remembered | undefined,
  nowMs: number,
): Lifetime {
  if (remembered === undefined) return unseenLifetime(view, memory.lastDumpMs, nowMs);
  const atLeastMs = Math.max(0, nowMs - remembered.firstSeenMs);
  return remembered.notBeforeMs === undefined ? { atLeastMs } : { atLeastMs, atMostMs: nowMs - remembered.notBeforeMs };
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
