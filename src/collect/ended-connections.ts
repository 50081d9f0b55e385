import type { EndedConnection, Lifetime, Outcome, Remembered } from '../model/ended.ts';
import { EndedView } from '../model/ended-view.ts';
import { localAddress, mayNameService, peerAddress, plainAddress } from '../model/endpoint.ts';
import type { Names } from '../model/names.ts';
import type { Endpoint } from '../model/socket-row.ts';
import type { SocketView } from '../model/socket-view.ts';
import type { WatchedSpace } from './watched-space.ts';

/** Puts an ended socket together from its event and from what dumps told of it. */
export class EndedConnections {
  readonly #names: Names | undefined;
  readonly #view = new EndedView();
  /** Names are looked up once for each address and port. */
  readonly #hosts = new Map<string, string | undefined>();

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
      local: this.#endpoint(localAddress(view), view.localPort, view),
      peer: this.#endpoint(peerAddress(view), view.peerPort, view),
      lifetime: lifetimeOf(space, event, remembered, at.getTime()),
      outcome,
      cookie: ((BigInt(event.cookieHigh) << 32n) | BigInt(event.cookieLow)).toString(16),
    };
    if (view.proto === 'tcp') connection.role = space.listening.has(view.localPort) ? 'server' : 'client';
    if (remembered?.process !== undefined) connection.process = remembered.process;
    const container = remembered?.container ?? space.container;
    if (container !== undefined) connection.container = container;
    if (event.peerPort !== 0) addCounters(connection, event);
    return connection;
  }

  #endpoint(address: string, port: number, { proto }: SocketView): Endpoint {
    const endpoint: Endpoint = { address, port };
    if (this.#names === undefined) return endpoint;
    let name = this.#hosts.get(address);
    if (name === undefined && !this.#hosts.has(address)) {
      name = this.#names.host(plainAddress(address));
      this.#hosts.set(address, name);
    }
    if (name !== undefined) endpoint.name = name;
    const service = mayNameService(port) ? this.#names.service(port, proto) : undefined;
    if (service !== undefined) endpoint.service = service;
    return endpoint;
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
  event: SocketView,
  remembered: Remembered | undefined,
  nowMs: number,
): Lifetime {
  if (remembered === undefined) {
    const known = Math.max(event.tcpInfoNumber('lastSentMs') ?? 0, event.tcpInfoNumber('lastReceivedMs') ?? 0);
    // Made since the last dump, for that would have had it.
    const atMostMs = memory.lastDumpMs === undefined ? undefined : nowMs - memory.lastDumpMs;
    if (atMostMs === undefined) return { atLeastMs: known };
    return { atLeastMs: Math.min(known, atMostMs), atMostMs };
  }
  const atLeastMs = nowMs - remembered.firstSeenMs;
  return remembered.notBeforeMs === undefined ? { atLeastMs } : { atLeastMs, atMostMs: nowMs - remembered.notBeforeMs };
}
