import type { WatchedNetns } from '../../model/netns/netns.ts';
import { isLoopback } from '../../model/socket/loopback.ts';
import { identitiesOf } from '../../queries/rows/netns-rows.ts';
import type { LaneCount } from '../collector/lanes.ts';
import type { RowLanes, SampledRow } from '../collector/row-builder.ts';

/** A network namespace, as an end of connections. */
export interface Place {
  netns: number;
  /** Those of its sockets, and those that the runtimes gave to its containers. */
  addresses: ReadonlySet<string>;
  rows: readonly PlaceRow[];
}

/** A row of the overview, as an end of connections. */
export interface PlaceRow {
  name: string;
  /** See `RowIdentity.owner`. */
  owner: string;
  /** Of TCP, to servers. */
  outgoing: readonly LaneCount[];
  /** Of TCP, by local port. */
  incoming: ReadonlyMap<number, LaneCount>;
  /** Listening TCP ports with their queues. */
  listening: ReadonlyMap<number, Queue>;
}

/** The accept queues of a port, all of its listeners together. */
export interface Queue {
  waiting: number;
  /** Whether a listener takes no more: sk_acceptq_is_full, include/net/sock.h. */
  isFull: boolean;
}

/** The namespace of a tick with its rows. */
export function placeOf(
  namespace: WatchedNetns,
  rows: ReadonlyMap<string, SampledRow>,
  lanesOf: (name: string) => RowLanes | undefined,
): Place {
  const addresses = new Set(namespace.containers.flatMap((container) => container.addresses.map((one) => one.address)));
  const ends = identitiesOf(namespace).map(({ name, owner = '' }): PlaceRow => {
    const known = lanesOf(name);
    for (const address of known?.addresses ?? []) addresses.add(address);
    const lanes = (known?.lanes ?? []).filter(({ proto }) => proto === 'tcp');
    return {
      name,
      owner,
      outgoing: lanes.filter(({ direction }) => direction === 'out'),
      incoming: new Map(lanes.filter(({ direction }) => direction === 'in').map((lane) => [lane.port, lane])),
      listening: queuesOf(rows.get(name)),
    };
  });
  return { netns: namespace.netns, addresses, rows: ends };
}

function queuesOf(row: SampledRow | undefined): Map<number, Queue> {
  const queues = new Map<number, Queue>();
  for (const { proto, port, queue = 0, backlog } of row?.ports ?? []) {
    if (proto !== 'tcp') continue;
    const before = queues.get(port);
    const isFull = backlog !== undefined && queue > backlog;
    queues.set(port, { waiting: queue + (before?.waiting ?? 0), isFull: isFull || before?.isFull === true });
  }
  return queues;
}

/** A row that serves a port. */
export interface Server {
  row: PlaceRow;
  place: Place;
}

/** Who has an address: by the sockets of all namespaces, for addresses are reused, and those of two networks may be the same. */
export class Places {
  readonly all: readonly Place[];
  readonly #byAddress = new Map<string, Place[]>();

  constructor(all: readonly Place[]) {
    this.all = all;
    for (const place of all) {
      for (const address of place.addresses) {
        const known = this.#byAddress.get(address);
        if (known === undefined) this.#byAddress.set(address, [place]);
        else known.push(place);
      }
    }
  }

  /**
   * The row that a client reaches at an address and port; undefined where none of those that have the address has such
   * connections, nor listens.
   */
  serverOf(client: Place, row: PlaceRow, address: string, port: number): Server | undefined {
    if (isWithin(client, address)) return { place: client, row: ownServer(client, port) ?? row };
    const candidates = (this.#byAddress.get(address) ?? []).flatMap((place) =>
      place.rows.map((server) => ({ place, row: server })),
    );
    return (
      candidates.find((server) => hasClientFrom(server.row, port, client)) ??
      candidates.find((server) => server.row.listening.has(port))
    );
  }

  /** The row that has an address, whether it serves the port or not; undefined for none, and for several. */
  rowAt(client: Place, address: string): PlaceRow | undefined {
    const places = isWithin(client, address) ? [client] : (this.#byAddress.get(address) ?? []);
    const rows = places.flatMap((place) => place.rows);
    return rows.length === 1 ? rows[0] : undefined;
  }

  /** The namespace that a client of a port has its address from; undefined where none has it. */
  clientOf(server: Place, address: string, port: number): Place | undefined {
    if (isWithin(server, address)) return server;
    const places = this.#byAddress.get(address) ?? [];
    const calls = (place: Place) =>
      place.rows.some(({ outgoing }) =>
        outgoing.some((lane) => lane.port === port && server.addresses.has(lane.address ?? '')),
      );
    return places.find(calls) ?? places[0];
  }
}

function isWithin({ addresses }: Place, address: string): boolean {
  return isLoopback(address) || addresses.has(address);
}

function ownServer({ rows }: Place, port: number): PlaceRow | undefined {
  return rows.find(({ listening }) => listening.has(port)) ?? rows.find(({ incoming }) => incoming.has(port));
}

function hasClientFrom({ incoming }: PlaceRow, port: number, { addresses }: Place): boolean {
  const clients = incoming.get(port)?.clients;
  if (clients === undefined) return false;
  // The host has many addresses, a server many clients.
  if (clients.size < addresses.size) return [...clients.keys()].some((address) => addresses.has(address));
  return [...addresses].some((address) => clients.has(address));
}
