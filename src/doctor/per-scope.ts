import { grouped } from '../base/lists.ts';
import type { FindingScope } from '../model/finding/finding.ts';
import type { Names } from '../model/names.ts';
import type { WatchedContainer } from '../model/netns/netns.ts';
import type { NetnsSeries, Series } from '../model/sample/series.ts';
import type { StoredSocket } from '../model/socket/stored-socket.ts';
import { peerAbout, withPeer } from './peers/peer-label.ts';
import { serverOf } from './peers/server-of.ts';
import { type Pool, poolsOf } from './pools/pools.ts';
import { type SharedEndpoint, sharedEndpoints } from './pools/shared-endpoints.ts';
import { type ProcessSnapshot, processHolder, processTracks } from './processes/process-tracks.ts';
import type { Fault, Judge, RuleInput, ScopedFault } from './rule.ts';
import { HOST_SCOPE, holderKey, holderScope, netnsScope } from './scopes.ts';
import { type Dump, dumpsOf } from './snapshots/snapshots.ts';

/** What a rule finds in one subject: nothing, one fault or several. */
type Found = Fault | readonly Fault[] | undefined;

/** Judges one namespace. */
export type NamespacePart<V> = (netns: NetnsSeries, input: RuleInput, values: V) => Found;

/**
 * Judges each namespace by itself. The scope is the holder that a fault names, else the namespace, or its container
 * where that is its only one.
 *
 * @param parts asked one after the other for each namespace
 */
export function perNamespace<V>(...parts: readonly NamespacePart<V>[]): Judge<V> {
  return (input, values) =>
    input.series.namespaces.flatMap((netns) =>
      parts
        .flatMap((part) => listed(part(netns, input, values)))
        .map((fault) => scoped(fault, () => holderScope(netns.namespace, fault.holder ?? {}))),
    );
}

/** A process with its snapshots in the order of time; at least one. */
export interface ProcessTrack {
  netns: NetnsSeries;
  snapshots: readonly ProcessSnapshot[];
}

/** Judges each process of each namespace; the scope is the process. */
export function perProcess<V>(judge: (track: ProcessTrack, input: RuleInput, values: V) => Found): Judge<V> {
  return perNamespace((netns, input, values) =>
    processTracks(netns).flatMap((snapshots) => {
      const last = snapshots.at(-1);
      const holder = last === undefined ? {} : processHolder(last.process);
      return listed(judge({ netns, snapshots }, input, values)).map((fault) => ({ holder, ...fault }));
    }),
  );
}

/** Judges the connections of each process to each endpoint; the scope is the process that holds them. */
export function perPool<V>(judge: (pool: Pool, input: RuleInput, values: V) => Found): Judge<V> {
  return perNamespace((netns, input, values) =>
    poolsOf(netns).flatMap((pool) =>
      listed(judge(pool, input, values)).map((fault) => ({
        holder: pool.member,
        ...serverOf(input.series, netns, pool.peer, pool.port),
        ...fault,
      })),
    ),
  );
}

/** Judges each endpoint that processes of this machine have connections to; the scope is the namespace of the first. */
export function perEndpoint<V>(judge: (endpoint: SharedEndpoint, input: RuleInput, values: V) => Found): Judge<V> {
  return (input, values) =>
    [...sharedEndpoints(input.series).values()].flatMap((endpoint) => {
      const [{ netns, peer, port }] = endpoint.pools;
      return listed(judge(endpoint, input, values)).map((fault) =>
        scoped({ ...serverOf(input.series, netns, peer, port), ...fault }, () => netnsScope(netns.namespace)),
      );
    });
}

/** Judges each container in each namespace; the scope is the container. */
export function perContainer<V>(
  judge: (container: WatchedContainer, netns: NetnsSeries, input: RuleInput, values: V) => Found,
): Judge<V> {
  return perNamespace((netns, input, values) =>
    netns.namespace.containers.flatMap((container) =>
      listed(judge(container, netns, input, values)).map((fault) => ({
        holder: { container: container.name },
        ...fault,
      })),
    ),
  );
}

/** A fault of connections that one process holds and that have their other end in common. */
export type PeerFault = Omit<Fault, 'holder' | 'scope' | 'about'>;

/**
 * Finds single connections in the dumps of a namespace, and reports those together that one process holds and that
 * have their other end in common; the scope is the process. Nothing for a namespace without dumps.
 *
 * @param find what is found of single connections of the last dump
 * @param describe one fault for all the members of a group
 */
export function peersOf<V, T extends { socket: StoredSocket }>(
  find: (dumps: readonly Dump[], last: Dump, values: V, netns: NetnsSeries) => readonly T[],
  describe: (group: SocketGroup<T>, values: V, netns: NetnsSeries, series: Series) => PeerFault,
): NamespacePart<V> {
  return (netns, { series }, values) => {
    const dumps = dumpsOf(netns);
    const last = dumps.at(-1);
    if (last === undefined) return [];
    return socketGroups(series.names, netns, find(dumps, last, values, netns)).map((group) => {
      const [{ socket }] = group.members;
      const isClient = group.about.startsWith('peer ') && socket.peer !== undefined;
      return {
        ...describe(group, values, netns, series),
        holder: socket,
        about: group.about,
        ...(isClient && serverOf(series, netns, socket.peer.plain, socket.peerPort)),
      };
    });
  };
}

/** Judges the machine as a whole; the scope is the host unless the fault has its own. */
export function perHost<V>(judge: (input: RuleInput, values: V) => Found): Judge<V> {
  return (input, values) => listed(judge(input, values)).map((fault) => scoped(fault, () => HOST_SCOPE));
}

function listed(found: Found): readonly Fault[] {
  if (found === undefined) return [];
  return 'severity' in found ? [found] : found;
}

/** The fault with its scope, its fields in the order in which findings are printed as JSON. */
function scoped(fault: Fault, usual: () => FindingScope): ScopedFault {
  const {
    severity,
    confidence,
    summary,
    title,
    evidence,
    fixes,
    byHand,
    sinceMs,
    verifyWith,
    about,
    server,
    waitsFor,
  } = fault;
  const scope = fault.scope ?? usual();
  return {
    severity,
    confidence,
    scope,
    summary,
    ...(title !== undefined && { title }),
    evidence,
    fixes,
    byHand: typeof byHand === 'string' ? byHand : byHand(scope.target),
    ...(sinceMs !== undefined && { since: new Date(sinceMs).toISOString() }),
    ...(verifyWith !== undefined && { verifyWith }),
    ...(about !== undefined && { about }),
    ...(server !== undefined && { server }),
    ...(waitsFor !== undefined && { waitsFor }),
  };
}

/** Something about sockets that one process holds and that have their other end in common. */
export interface SocketGroup<T> {
  /** `peer db:mysql`, `port 8080`. */
  about: string;
  /** `with db:mysql`, `to its port 8080`. */
  with: string;
  members: readonly [T, ...T[]];
}

/** Puts what was found of single sockets together, so that a hundred alike are one finding. */
export function socketGroups<T extends { socket: StoredSocket }>(
  names: Names,
  netns: NetnsSeries,
  found: readonly T[],
): SocketGroup<T>[] {
  if (found.length === 0) return [];
  const groups = grouped(found, ({ socket }) => `${holderKey(socket)}\n${peerAbout(netns, names, socket)}`);
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const about = peerAbout(netns, names, first.socket);
    return [{ about, with: withPeer(about), members: [first, ...others] }];
  });
}
