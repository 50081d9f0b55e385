import { groupedBySize } from '../../base/lists.ts';
import { perObject } from '../../base/memo.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import type { Holder } from '../../model/socket/socket-columns.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { otherEndOf, tupleOf } from '../snapshots/same-socket.ts';
import { lastDump, ofProto } from '../snapshots/snapshots.ts';

/** How many clients a line names. */
const NAMED = 3;

/** More than this share of a server's connections: one client fills it. */
const MOST = 0.5;

/** A client of a server, with its connections to it. */
export interface Client {
  /** `worker (4242/celery)`, or the host where the process is not watched. */
  name: string;
  /** Undefined where it is not watched. */
  process: Holder | undefined;
  /** Its connections. */
  count: number;
}

/** A client that holds most of a server's connections. */
export interface MainClient extends Client {
  process: Holder;
  /** Connections of all clients. */
  of: number;
}

/** The sockets of all watched namespaces with their holders, by the ends of the connection. */
const byTuple = perObject(({ namespaces }: Series): ReadonlyMap<string, Pick<Client, 'name' | 'process'>> => {
  const found = new Map<string, Pick<Client, 'name' | 'process'>>();
  for (const netns of namespaces) {
    const dump = lastDump(netns);
    for (const socket of dump === undefined ? [] : ofProto(dump, 'tcp')) {
      const { process } = socket;
      if (process === undefined || socket.peerPort === 0) continue;
      found.set(tupleOf(socket), { name: nameOfHolder(netns, socket), process });
    }
  }
  return found;
});

/** A process with its place, as lines of evidence name it: `worker (4242/celery)`; the place alone for an unknown one. */
export function nameOfHolder(netns: NetnsSeries, { container, process }: StoredSocket): string {
  const place = container ?? netns.namespace.name;
  return process === undefined ? place : `${place} (${process.pid}/${process.name})`;
}

/** Who holds connections of a server, those with most first, by the sockets of the server's side. */
export function clientsOfSockets(series: Series, sockets: readonly StoredSocket[]): Client[] {
  const clientOf = (socket: StoredSocket) => byTuple(series).get(otherEndOf(socket));
  const nameOf = (socket: StoredSocket) => {
    const plain = socket.peer?.plain ?? '*';
    return clientOf(socket)?.name ?? series.names.host(plain) ?? plain;
  };
  return groupedBySize(sockets, nameOf).map(([name, [first, ...others]]) => ({
    name,
    process: first && clientOf(first)?.process,
    count: others.length + 1,
  }));
}

/** Clients in a line: `58 of web (4242/node), 2 of 10.0.0.7`. */
export function clientsText(clients: readonly Client[]): string {
  const named = clients.slice(0, NAMED).map(({ name, count }) => `${count} of ${name}`);
  const others = clients.slice(NAMED).reduce((sum, { count }) => sum + count, 0);
  return others === 0 ? named.join(', ') : `${named.join(', ')}, ${others} of others`;
}

/** The one process that holds more than half of the connections; undefined where none does. */
export function mainClient(clients: readonly Client[]): MainClient | undefined {
  const [first] = clients;
  const of = clients.reduce((sum, { count }) => sum + count, 0);
  if (first?.process === undefined || first.count <= of * MOST) return undefined;
  return { ...first, process: first.process, of };
}

/** What {@link mainClient} found, as a clause: `worker (4242/celery) holds 54 of the 60 connections`. */
export function mainClientText({ name, count, of }: MainClient): string {
  return count === of ? `${name} holds all ${of} connections` : `${name} holds ${count} of the ${of} connections`;
}
