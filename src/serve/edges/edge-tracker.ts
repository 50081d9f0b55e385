import type { EdgeTick } from '../../history/history.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import { isShared } from '../../model/netns/sharing.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import { peerAddress, plainAddress } from '../../model/socket/endpoint.ts';
import type { Tick } from '../../sources/sample-source.ts';
import type { LaneClient, LaneCount } from '../collector/lanes.ts';
import type { RowLanes, SampledRow } from '../collector/row-builder.ts';
import { EdgeSums, type EndNumbers } from './edge-sums.ts';
import { EndNames, isNetwork } from './end-names.ts';
import { endpointOf, MovedServers } from './moved-servers.ts';
import { type Place, type PlaceRow, Places, placeOf, type Server } from './place.ts';

/** Who talks to whom is found so often, milliseconds. */
const EVERY_MS = 10_000;

/** Attempts to connect to one endpoint that came to nothing. */
interface Failures {
  owner: string;
  address: string;
  port: number;
  refused: number;
  failed: number;
}

/** Finds who talks to whom: which row is the client and which the server of each connection, whatever their addresses were before. */
export class EdgeTracker {
  readonly #lanesOf: (name: string) => RowLanes | undefined;
  readonly #moved = new MovedServers();
  /** Since the last round, by namespace. */
  #failures = new Map<number, Map<string, Failures>>();
  #atMs = Number.NEGATIVE_INFINITY;

  /** @param lanesOf the connections of a row of the last tick, by its name */
  constructor(lanesOf: (name: string) => RowLanes | undefined) {
    this.#lanesOf = lanesOf;
  }

  /** Counts an attempt to connect that came to nothing. */
  event(namespace: WatchedNetns, event: ConnectionEvent): void {
    if (event.kind !== 'failed' || event.proto !== 'tcp' || event.role === 'server') return;
    const container = isShared(namespace) ? (event.container ?? '') : '';
    const owner = namespace.containers.some(({ name }) => name === container) ? container : '';
    const address = plainAddress(peerAddress(event.socket));
    const { peerPort: port } = event.socket;
    const ofNetns = this.#failures.get(namespace.netns) ?? new Map<string, Failures>();
    this.#failures.set(namespace.netns, ofNetns);
    const key = `${owner} ${endpointOf(address, port)}`;
    const counted = ofNetns.get(key) ?? { owner, address, port, refused: 0, failed: 0 };
    ofNetns.set(key, counted);
    counted[event.outcome === 'refused' ? 'refused' : 'failed'] += event.count ?? 1;
  }

  /** Takes a tick. @returns all edges, about every ten seconds; otherwise undefined */
  tick(tick: Tick, rows: readonly SampledRow[]): EdgeTick | undefined {
    this.#moved.tick(tick);
    const { atMs } = tick;
    const elapsedMs = atMs - this.#atMs;
    if (elapsedMs >= 0 && elapsedMs < EVERY_MS) return undefined;
    this.#atMs = atMs;
    const failures = this.#failures;
    this.#failures = new Map();
    const seconds = elapsedMs >= 0 && elapsedMs < 2 * EVERY_MS ? elapsedMs / 1000 : EVERY_MS / 1000;
    return { atMs, edges: this.#edgesOf(tick, rows, failures, seconds) };
  }

  #edgesOf(
    { names, namespaces }: Tick,
    rows: readonly SampledRow[],
    failures: ReadonlyMap<number, ReadonlyMap<string, Failures>>,
    seconds: number,
  ): EdgeTick['edges'] {
    const byName = new Map(rows.map((row) => [row.name, row]));
    const watched = namespaces.map(({ namespace }) => namespace);
    const places = new Places(watched.map((namespace) => placeOf(namespace, byName, this.#lanesOf)));
    const round: Round = { places, ends: new EndNames(names, watched), sums: new EdgeSums(), seen: new Map() };
    for (const place of places.all) {
      for (const row of place.rows) for (const lane of row.outgoing) this.#addOutgoing(round, place, row, lane);
      for (const one of failures.get(place.netns)?.values() ?? []) this.#addFailures(round, place, one, seconds);
    }
    for (const place of places.all) {
      for (const row of place.rows) {
        for (const lane of row.incoming.values()) addIncoming(round, place, row, lane);
        for (const [port, { isFull, waiting }] of row.listening)
          if (isFull) round.sums.setOfServer(row.name, port, 'queued', waiting);
      }
    }
    this.#moved.keep(round.seen);
    return round.sums.edges();
  }

  #addOutgoing(round: Round, place: Place, row: PlaceRow, lane: LaneCount): void {
    const { address = '', port, byState } = lane;
    const { sums, ends } = round;
    const [server, endpoint] = this.#find(round, place, row, address, port);
    const older = this.#moved.older(place.netns, row.owner, endpoint, server);
    const before = older?.byState === 'all' ? byState : (older?.byState ?? {});
    if (older !== undefined) sums.add(row.name, older.name, port, numbersOf(before));
    if (older?.byState === 'all') return;
    const name = server?.row.name ?? ends.of(address);
    const numbers = numbersOf(withoutOlder(byState, before));
    sums.add(row.name, name, port, { ...numbers, addresses: isNetwork(name) ? 1 : 0 });
  }

  #addFailures(round: Round, place: Place, failures: Failures, seconds: number): void {
    const { owner, address, port, refused, failed } = failures;
    const row = place.rows.find((known) => known.owner === owner) ?? place.rows.at(-1);
    if (row === undefined) return;
    const [server] = this.#find(round, place, row, address, port);
    // They are of now: whoever has the address has answered, or did not.
    const answering = server?.row ?? round.places.rowAt(place, address);
    const numbers = { refused: refused / seconds, failed: failed / seconds };
    round.sums.add(row.name, answering?.name ?? round.ends.of(address), port, numbers);
  }

  #find({ places, seen }: Round, place: Place, row: PlaceRow, address: string, port: number) {
    const endpoint = endpointOf(address, port);
    const server = places.serverOf(place, row, address, port);
    const ofNetns = seen.get(place.netns) ?? new Map<string, Server | undefined>();
    seen.set(place.netns, ofNetns);
    ofNetns.set(endpoint, server);
    return [server, endpoint] as const;
  }
}

/** What one round works with. */
interface Round {
  places: Places;
  ends: EndNames;
  sums: EdgeSums;
  /** Servers by the client's namespace and endpoint. */
  seen: Map<number, Map<string, Server | undefined>>;
}

/** The servers' ends: connections that no row is the client of, and what the clients' ends have no more. */
function addIncoming({ places, ends, sums }: Round, place: Place, row: PlaceRow, lane: LaneCount): void {
  const { port } = lane;
  const others = new Map<string, LaneClient>();
  for (const [address, client] of lane.clients) {
    const from = places.clientOf(place, address, port);
    if (from === undefined) {
      others.set(address, client);
      continue;
    }
    const callers = from.rows.filter(({ name }) => sums.has(name, row.name, port));
    const [caller] = callers.sort(
      (a, b) => sums.connections(b.name, row.name, port) - sums.connections(a.name, row.name, port),
    );
    const only = from.rows.length === 1 ? from.rows[0] : undefined;
    const name = (caller ?? only)?.name ?? ends.of(address);
    // Several rows with one address have their own ends; only what those lack is told by this one.
    const connections = callers.length > 1 ? 0 : client.count;
    sums.addServerEnd(name, row.name, port, { connections, closeWait: client.closeWait });
  }
  const names = ends.ofClients(others.keys());
  for (const [address, { count, closeWait }] of others) {
    const name = names.get(address) ?? address;
    sums.addServerEnd(name, row.name, port, { connections: count, closeWait, addresses: isNetwork(name) ? 1 : 0 });
  }
}

function withoutOlder(
  byState: Readonly<Record<string, number>>,
  older: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(byState).map(([state, count]) => [state, Math.max(0, count - (older[state] ?? 0))]),
  );
}

function numbersOf(byState: Readonly<Record<string, number>>): EndNumbers {
  const total = Object.values(byState).reduce((sum, count) => sum + count, 0);
  return {
    connections: total - (byState.TIME_WAIT ?? 0),
    closeWait: byState.CLOSE_WAIT ?? 0,
    synSent: byState.SYN_SENT ?? 0,
  };
}
