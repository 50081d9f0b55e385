import type { EndedConnection } from '../model/ended.ts';
import { plainAddress } from '../model/endpoint.ts';
import type { PeerSummary } from '../model/peer-summary.ts';

/** Adds ended connections up by their peers. */
export class PeerSummaries {
  connections = 0;
  readonly #peers = new Map<string, PeerSummary>();

  add({ role = 'client', peer, outcome, bytesSent, bytesReceived, retransmits }: EndedConnection): void {
    this.connections++;
    const address = plainAddress(peer.address);
    const key = role === 'server' ? `${address}<` : `${address}|${peer.port}`;
    let summary = this.#peers.get(key);
    if (summary === undefined) {
      summary = {
        peer: role === 'server' ? address : `${address.includes(':') ? `[${address}]` : address}:${peer.port}`,
        ...(peer.name !== undefined && { name: peer.name }),
        ...{ role, connections: 0, outcomes: {}, bytesSent: 0, bytesReceived: 0, retransmits: 0 },
      };
      this.#peers.set(key, summary);
    }
    summary.connections++;
    summary.outcomes[outcome] = (summary.outcomes[outcome] ?? 0) + 1;
    summary.bytesSent += bytesSent ?? 0;
    summary.bytesReceived += bytesReceived ?? 0;
    summary.retransmits += retransmits ?? 0;
  }

  /** The peer with the most connections first. */
  peers(): PeerSummary[] {
    return [...this.#peers.values()].sort((a, b) => b.connections - a.connections);
  }
}
