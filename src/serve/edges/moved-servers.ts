import type { WatchedNetns } from '../../model/netns/netns.ts';
import { isShared } from '../../model/netns/sharing.ts';
import { peerAddress, plainAddress } from '../../model/socket/endpoint.ts';
import { stateName } from '../../model/socket/tcp-state.ts';
import { rowOwner } from '../../queries/rows/netns-rows.ts';
import type { SocketSnapshot, Tick } from '../../sources/sample-source.ts';
import type { Server } from './place.ts';

/** TCP connections by state. */
type StateCounts = Readonly<Record<string, number>>;

/** Who served an address and port of a namespace's clients. */
interface Served {
  name: string;
  /** See {@link keyOf}. */
  namespace: string;
  /** When its namespace was last there, once it is gone. */
  goneMs: number | undefined;
}

/**
 * Remembers who served the connections that are there. A connection that is older than the end of its server's namespace
 * stays that server's, whoever has the address now.
 */
export class MovedServers {
  /** By the client's namespace, then by `ADDRESS:PORT`. */
  readonly #served = new Map<number, Map<string, Served>>();
  /** Connections with servers that are gone, of the last snapshot: by namespace, `ADDRESS:PORT`, and `RowIdentity.owner`. */
  readonly #older = new Map<number, Map<string, Map<string, Record<string, number>>>>();
  #present: ReadonlyMap<number, string> = new Map();
  #lastMs = 0;

  /** Notes which namespaces ended, and counts what they left behind. */
  tick({ atMs, namespaces }: Pick<Tick, 'atMs' | 'namespaces'>): void {
    const present = new Map(namespaces.map(({ namespace }) => [namespace.netns, keyOf(namespace)]));
    const gone = [...this.#present].filter(([netns, key]) => present.get(netns) !== key).map(([, key]) => key);
    if (gone.length > 0) this.#noteGone(new Set(gone));
    for (const netns of this.#present.keys()) if (!present.has(netns)) this.#forget(netns);
    this.#present = present;
    this.#lastMs = atMs;
    if (this.#older.size === 0) return;
    for (const { namespace, snapshot } of namespaces)
      if (snapshot !== undefined && this.#older.has(namespace.netns)) this.#count(namespace, snapshot);
  }

  /**
   * Who served it, of connections that are older than the server of now.
   *
   * @param owner of the client's row
   * @param server of now; undefined for none
   * @returns undefined where all of them are of the server of now
   */
  older(
    netns: number,
    owner: string,
    endpoint: string,
    server: Server | undefined,
  ): { name: string; byState: StateCounts | 'all' } | undefined {
    const served = this.#served.get(netns)?.get(endpoint);
    if (served === undefined || served.name === server?.row.name) return undefined;
    if (server === undefined) return { name: served.name, byState: 'all' };
    if (served.goneMs === undefined) return undefined;
    const counted = this.#older.get(netns)?.get(endpoint);
    // No snapshot since then: what is known of the client is as old.
    if (counted === undefined) return { name: served.name, byState: 'all' };
    return { name: served.name, byState: counted.get(owner) ?? {} };
  }

  /** Remembers the present servers in place of those before, but for what is left of these. @param seen by {@link older}'s keys */
  keep(seen: ReadonlyMap<number, ReadonlyMap<string, Server | undefined>>): void {
    for (const netns of [...this.#served.keys()]) if (!seen.has(netns)) this.#forget(netns);
    for (const [netns, servers] of seen) {
      const known = this.#served.get(netns) ?? new Map<string, Served>();
      this.#served.set(netns, known);
      for (const endpoint of [...known.keys()]) if (!servers.has(endpoint)) this.#forgetEndpoint(netns, endpoint);
      for (const [endpoint, server] of servers) {
        if (server === undefined || (known.has(endpoint) && this.#hasOlder(netns, endpoint))) continue;
        this.#older.get(netns)?.delete(endpoint);
        const namespace = this.#present.get(server.place.netns) ?? '';
        known.set(endpoint, { name: server.row.name, namespace, goneMs: undefined });
      }
    }
  }

  #hasOlder(netns: number, endpoint: string): boolean {
    if (this.#served.get(netns)?.get(endpoint)?.goneMs === undefined) return false;
    const counted = this.#older.get(netns)?.get(endpoint);
    return counted === undefined || counted.size > 0;
  }

  /** @param gone keys of namespaces */
  #noteGone(gone: ReadonlySet<string>): void {
    for (const [client, endpoints] of this.#served) {
      for (const served of endpoints.values()) {
        if (served.goneMs !== undefined || !gone.has(served.namespace)) continue;
        served.goneMs = this.#lastMs;
        if (!this.#older.has(client)) this.#older.set(client, new Map());
      }
    }
  }

  #count(namespace: WatchedNetns, snapshot: SocketSnapshot): void {
    const served = this.#served.get(namespace.netns);
    const wanted = new Map([...(served ?? [])].filter(([, { goneMs }]) => goneMs !== undefined));
    if (wanted.size === 0) {
      this.#older.delete(namespace.netns);
      return;
    }
    const ports = new Set([...wanted.keys()].map((endpoint) => Number(endpoint.slice(endpoint.lastIndexOf(':') + 1))));
    const counts = new Map([...wanted.keys()].map((endpoint) => [endpoint, new Map<string, Record<string, number>>()]));
    const ownerOf = isShared(namespace) ? rowOwner(namespace, snapshot) : () => '';
    snapshot.sockets.each((socket) => {
      if (socket.proto !== 'tcp' || !ports.has(socket.peerPort)) return;
      const endpoint = endpointOf(plainAddress(peerAddress(socket)), socket.peerPort);
      const counted = counts.get(endpoint);
      const goneMs = wanted.get(endpoint)?.goneMs;
      if (counted === undefined || goneMs === undefined) return;
      // One that is not remembered was there before.
      if ((snapshot.seenSince(socket)?.firstSeenMs ?? 0) > goneMs) return;
      const owner = ownerOf(socket);
      const byState = counted.get(owner) ?? {};
      counted.set(owner, byState);
      const state = stateName(socket.state);
      byState[state] = (byState[state] ?? 0) + 1;
    });
    this.#older.set(namespace.netns, counts);
  }

  #forget(netns: number): void {
    this.#served.delete(netns);
    this.#older.delete(netns);
  }

  #forgetEndpoint(netns: number, endpoint: string): void {
    this.#served.get(netns)?.delete(endpoint);
    this.#older.get(netns)?.delete(endpoint);
  }
}

/** Of a namespace as long as it is the same: the number of one that ended is soon another's. */
function keyOf({ netns, name }: WatchedNetns): string {
  return `${netns} ${name}`;
}

/** The key of an address and port. */
export function endpointOf(address: string, port: number): string {
  return `${address}:${port}`;
}
