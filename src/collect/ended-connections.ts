import { hex64 } from '../base/hex.ts';
import type { EndedConnection, Lifetime, Outcome, Remembered } from '../model/ended.ts';
import { EndedView } from '../model/ended-view.ts';
import { localAddress, mayNameService, peerAddress, plainAddress } from '../model/endpoint.ts';
import type { Names } from '../model/names.ts';
import type { Endpoint } from '../model/socket-row.ts';
import type { Proto, SocketView } from '../model/socket-view.ts';
import type { WatchedSpace } from './watched-space.ts';

/** An address and its name. */
interface Host {
  address: string;
  name: string | undefined;
}

/** More are not kept: a public server sees new clients for ever. */
const KEPT_HOSTS = 50_000;

/** Puts an ended socket together from its event and from what dumps told of it. */
export class EndedConnections {
  readonly #names: Names | undefined;
  readonly #view = new EndedView();
  /** Addresses and their names, by the address's word or text: a few come again and again. */
  readonly #hosts = new Map<number | string, Host>();
  readonly #services = new Map<number, string | undefined>();

  /** @param names undefined for plain numbers */
  constructor(names: Names | undefined) {
    this.#names = names;
  }

  /** The socket that an event is about, as it was; valid until the next. */
  viewOf(event: SocketView, remembered: Remembered | undefined): SocketView {
    return this.#view.moveTo(event, remembered);
  }

  /**
   * The connection of an event.
   *
   * @param outcome what `outcomeOf` says, decided
   */
  connection(
    space: WatchedSpace,
    event: SocketView,
    remembered: Remembered | undefined,
    outcome: Outcome,
    at: Date,
  ): EndedConnection {
    const view = this.viewOf(event, remembered);
    const connection: EndedConnection = {
      at,
      target: space.place.target.name,
      proto: view.proto,
      family: view.family,
      local: this.#endpoint(this.#localHost(view), view.localPort, view.proto),
      peer: this.#endpoint(this.#peerHost(view), view.peerPort, view.proto),
      lifetime: lifetimeOf(space, view, remembered, at.getTime()),
      outcome,
      cookie: hex64(event.cookieHigh, event.cookieLow),
    };
    if (view.proto === 'tcp') connection.role = space.roles.ofClosed(view);
    if (remembered?.process !== undefined) connection.process = remembered.process;
    const container = remembered?.container ?? space.container;
    if (container !== undefined) connection.container = container;
    if (event.peerPort !== 0) addCounters(connection, event);
    return connection;
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
    if (this.#hosts.size >= KEPT_HOSTS) this.#hosts.clear();
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

/** An event whose peer is gone has lost its counters too. */
function addCounters(connection: EndedConnection, event: SocketView): void {
  const sent = event.tcpInfoNumber('bytesSent');
  if (sent !== undefined) connection.bytesSent = sent - (event.tcpInfoNumber('bytesRetransmitted') ?? 0);
  const received = event.tcpInfoNumber('bytesReceived');
  if (received !== undefined) connection.bytesReceived = received;
  const rtt = event.tcpInfoNumber('rttUs');
  if (rtt !== undefined && rtt !== 0) connection.rttUs = rtt;
  const retransmits = event.tcpInfoNumber('totalRetrans');
  if (retransmits !== undefined) connection.retransmits = retransmits;
}

function lifetimeOf(
  { memory }: WatchedSpace,
  view: SocketView,
  remembered: Remembered | undefined,
  nowMs: number,
): Lifetime {
  if (remembered === undefined) return unseenLifetime(view, memory.lastDumpMs, nowMs);
  const atLeastMs = Math.max(0, nowMs - remembered.firstSeenMs);
  return remembered.notBeforeMs === undefined ? { atLeastMs } : { atLeastMs, atMostMs: nowMs - remembered.notBeforeMs };
}

/**
 * The lifetime of what no dump saw: made since the last one. Two kinds may be older, for dumps do not
 * have a socket in CLOSE: what was never established, and what was reset before that dump and closed
 * after it, which shows in that its last data is older than the dump.
 */
function unseenLifetime(view: SocketView, lastDumpMs: number | undefined, nowMs: number): Lifetime {
  const sentMs = view.tcpInfoNumber('lastSentMs');
  if (view.proto === 'tcp' && sentMs === undefined) return { atLeastMs: 0 };
  const atLeastMs = Math.max(sentMs ?? 0, view.tcpInfoNumber('lastReceivedMs') ?? 0);
  const atMostMs = lastDumpMs === undefined ? 0 : nowMs - lastDumpMs;
  return atLeastMs > atMostMs || lastDumpMs === undefined ? { atLeastMs } : { atLeastMs, atMostMs };
}
