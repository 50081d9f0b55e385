import { perObject } from '../../base/memo.ts';
import type { ClosedGroup, EventRun } from '../../model/sample/closed-group.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { isFailure } from '../../model/socket/connection-event.ts';
import { type ClosedAt, closedClients, closedServers } from '../clients/closed-connections.ts';
import { endpointKey } from '../peers/endpoints.ts';
import { namespaceByAddress } from '../peers/namespace-by-address.ts';
import { type Database, databaseAt } from './servers.ts';

/** The server whose connections are counted, as one namespace knows it. */
export interface ServerEnd {
  series: Series;
  from: NetnsSeries;
  plain: string;
  port: number;
  /** Undefined for a server that is no known database. */
  database: Database | undefined;
}

/** Ends of connections to a server. */
interface Ends {
  /** Those that it took, answered with a short error and closed. */
  refused: number;
  /** Others that were let in; not those that said nothing, or that it turned away at their login. */
  other: number;
  /** When they were refused, for each group of clients. */
  runs: readonly EventRun[];
}

/** Those that one sample reported. */
export interface EndsAt extends Ends {
  /** Of the sample, milliseconds since the epoch. */
  atMs: number;
}

/**
 * Where the server speaks first, an accepted client must have sent its login; a probe or a refused one has not. Those that
 * the client ended first are none: it asked something short, got its answer, and was done. But where its end met a reset,
 * the server had ended it already, with the request unread.
 */
export function refusedIn(group: ClosedGroup, database: Database | undefined): number {
  const { greetedOnly, silent, count, outcome, endedHere = 0 } = group;
  const done = outcome === 'reset' ? 0 : endedHere;
  return Math.min(database?.speaksFirst === false ? greetedOnly : silent, count - done);
}

/**
 * Ends of connections to a server as all watched namespaces report them, its own too, in the order of time: one for each
 * sample.
 */
export function endsAt({ series, from, plain, port, database }: ServerEnd): readonly EndsAt[] {
  const clients = clientEnds(series, from, plain, port);
  const server = namespaceByAddress(series, from, plain);
  const closed = server && closedServers(server).get(port);
  return closed === undefined ? clients : withServer(clients, closed, database);
}

/**
 * Those of a client that held none of the server's connections: it said nothing to one that speaks first (a client that
 * reads the error may close before the server's end of file is there), or the server ended them within a second after a
 * few dozen bytes (MySQL lets one more in than it has room for, to see whether it is an administrator).
 */
function unheard({ silent, turnedAway = 0 }: ClosedGroup, database: Database | undefined): number {
  return (database?.speaksFirst === true ? silent : 0) + turnedAway;
}

/** Connections of watched clients that a server refused, over the whole series. */
export function refusedClients(series: Series, from: NetnsSeries, plain: string, port: number): number {
  return clientEnds(series, from, plain, port).reduce((sum, { refused }) => sum + refused, 0);
}

function clientEnds(series: Series, from: NetnsSeries, plain: string, port: number): readonly EndsAt[] {
  return endsByEndpoint(series).get(endpointKey(series, from.namespace, plain, port)) ?? [];
}

const endsByEndpoint = perObject((series: Series): ReadonlyMap<string, readonly EndsAt[]> => {
  const found = new Map<string, Map<number, Ends & { runs: EventRun[] }>>();
  for (const netns of series.namespaces) {
    for (const closed of closedClients(netns).values()) {
      for (const { atMs, group } of closed) {
        if (isFailure(group.outcome)) continue;
        const { peerAddress, peerPort, count, refusalRuns = [] } = group;
        const database = databaseAt(series, netns, peerAddress, peerPort);
        const refused = refusedIn(group, database);
        const key = endpointKey(series, netns.namespace, peerAddress, peerPort);
        const samples = found.get(key) ?? new Map<number, Ends & { runs: EventRun[] }>();
        const ends = samples.get(atMs) ?? { refused: 0, other: 0, runs: [] };
        ends.refused += refused;
        ends.other += count - Math.max(refused, unheard(group, database));
        if (refused > 0) ends.runs.push(...refusalRuns);
        found.set(key, samples.set(atMs, ends));
      }
    }
  }
  return new Map([...found].map(([key, samples]) => [key, inOrder(samples)]));
});

/** With the ends that only the server's side tells: those of clients that nobody watches. */
function withServer(
  clients: readonly EndsAt[],
  closed: readonly ClosedAt[],
  database: Database | undefined,
): readonly EndsAt[] {
  const merged = new Map(clients.map((ends) => [ends.atMs, ends]));
  const sums = new Map<number, { refused: number; other: number }>();
  for (const { atMs, group } of closed) {
    if (group.outcome === 'never-accepted') continue;
    const sum = sums.get(atMs) ?? { refused: 0, other: 0 };
    const { count, dropped = 0, turnedAway = 0, mute = 0 } = group;
    // It reads what a client says first, and refuses then.
    sum.refused += database?.speaksFirst === false ? dropped + turnedAway : dropped;
    sum.other += count - turnedAway - Math.max(dropped, database?.speaksFirst === true ? mute : 0);
    sums.set(atMs, sum);
  }
  for (const [atMs, sum] of sums) {
    const known = merged.get(atMs) ?? { atMs, refused: 0, other: 0, runs: [] };
    merged.set(atMs, {
      ...known,
      refused: Math.max(known.refused, sum.refused),
      other: Math.max(known.other, Math.min(sum.other, sum.refused + sum.other - known.refused)),
    });
  }
  return inOrder(merged);
}

function inOrder(samples: ReadonlyMap<number, Ends>): EndsAt[] {
  return [...samples].map(([atMs, ends]) => ({ ...ends, atMs })).sort((a, b) => a.atMs - b.atMs);
}
