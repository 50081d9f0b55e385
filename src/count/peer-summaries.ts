import { formatEndpoint } from '../base/endpoint-text.ts';
import type { PeerSummary } from '../model/report/peer-summary.ts';
import type { ConnectionEventRow, Lifetime } from '../model/socket/connection-event.ts';
import { plainAddress } from '../model/socket/endpoint.ts';

/** Peers beyond this number are summed up as one: a stream can run for weeks. */
const MOST_PEERS = 10_000;
/** Stands for every port: the clients of a server are one peer for each address. */
const ANY_PORT = -1;

/** Sums up the ends of connections by peer. */
export class PeerSummaries {
  /** Number of closed connections that were added. */
  connections = 0;
  readonly #peers = new Map<string, Map<number, PeerSummary>>();
  /** Connections whose lifetime is known. */
  readonly #known = new Map<PeerSummary, number>();
  #size = 0;
  #others: PeerSummary | undefined;

  /** Adds the end of a connection; other events are left out. Numbers that are unknown for it add nothing to the sums. */
  add(closed: ConnectionEventRow): void {
    const { outcome, count = 1 } = closed;
    if (outcome === undefined) return;
    this.connections += count;
    const summary = this.#summaryOf(closed);
    summary.connections += count;
    summary.outcomes[outcome] = (summary.outcomes[outcome] ?? 0) + count;
    summary.bytesSent += (closed.bytesSent ?? 0) * count;
    summary.bytesReceived += (closed.bytesReceived ?? 0) * count;
    summary.retransmits += (closed.retransmits ?? 0) * count;
    if (closed.lifetime !== undefined) this.#addLifetime(summary, closed.lifetime, count);
  }

  /** The peers, most connections first; last, as `others`, the sum of those beyond {@link MOST_PEERS}. */
  peers(): PeerSummary[] {
    const peers = [...this.#peers.values()].flatMap((ports) => [...ports.values()]);
    peers.sort((a, b) => b.connections - a.connections);
    return this.#others === undefined ? peers : [...peers, this.#others];
  }

  #addLifetime(summary: PeerSummary, { atLeastMs, atMostMs }: Lifetime, count: number): void {
    if (atMostMs === undefined && atLeastMs === 0) return;
    const known = (this.#known.get(summary) ?? 0) + count;
    this.#known.set(summary, known);
    const { meanMs, longestMs } = summary.lifetime ?? { meanMs: 0, longestMs: 0 };
    summary.lifetime = {
      meanMs: meanMs + ((atLeastMs - meanMs) * count) / known,
      longestMs: Math.max(longestMs, atLeastMs),
    };
  }

  #summaryOf({ role = 'client', peer }: ConnectionEventRow): PeerSummary {
    const port = role === 'server' ? ANY_PORT : peer.port;
    let ports = this.#peers.get(peer.address);
    const known = ports?.get(port);
    if (known !== undefined) return known;
    if (this.#size >= MOST_PEERS) {
      this.#others ??= newSummary('others', role, undefined);
      return this.#others;
    }
    const address = plainAddress(peer.address);
    const text = port === ANY_PORT ? address : formatEndpoint(address, port);
    const made = newSummary(text, role, peer.name);
    if (ports === undefined) {
      ports = new Map();
      this.#peers.set(peer.address, ports);
    }
    ports.set(port, made);
    this.#size++;
    return made;
  }
}

function newSummary(peer: string, role: 'client' | 'server', name: string | undefined): PeerSummary {
  return {
    peer,
    ...(name !== undefined && { name }),
    role,
    connections: 0,
    outcomes: {},
    bytesSent: 0,
    bytesReceived: 0,
    retransmits: 0,
  };
}
