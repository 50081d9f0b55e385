import type { SocketDump } from '../../collect/dump/dump-sockets.ts';
import type { DescriptorScan } from '../../collect/owners/descriptor-kinds.ts';
import type { FoundNetns } from '../../collect/target/found-netns.ts';
import { isShared } from '../../model/netns/sharing.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import { isOtherProto, type SocketQuery } from '../../model/socket/socket-query.ts';
import type { Proto, SocketView } from '../../model/socket/socket-view.ts';
import { ALL_STATES } from '../../model/socket/tcp-state.ts';
import type { SocketSnapshot } from '../sample-source.ts';
import { briefQuery } from './background-query.ts';
import { FoldedConnection } from './folded-connection.ts';
import { FoldedSockets } from './folded-sockets.ts';
import { HeldOfNetns, type HeldSockets, heldProtos } from './held-sockets.ts';
import { movementSince } from './movement.ts';
import type { NetnsCounters } from './netns-counters.ts';
import { isAskable } from './netns-queries.ts';
import type { NetnsReader, ReadOptions } from './netns-reader.ts';

/**
 * Interval of the search for owners in the background, milliseconds: each descriptor costs a system call. In a shared
 * namespace they decide whose row counts a socket: they are searched at every dump.
 */
const OWNERS_MS = 30_000;

/**
 * The sockets of one namespace, by dumps and by passes over the descriptors of the host, and with the connection events
 * since. What a pass found is compared with the counters before and after it.
 */
export class NetnsSnapshots {
  found: FoundNetns;
  /** Whether connection events are folded into the last snapshot, see `TickRequest.foldsEvents`. */
  folds = false;
  /** When its sockets were last read, milliseconds since the epoch; undefined before. */
  lastMs: number | undefined;
  /** Whether the TCP sockets of the last snapshot were asked for one by one, not dumped. */
  wasAsked = false;
  /** When a pass last lacked sockets that the counters have, milliseconds since the epoch. */
  unseenMs = Number.NEGATIVE_INFINITY;
  readonly #reader: NetnsReader;
  readonly #counters: NetnsCounters;
  /** The last snapshot; undefined where nobody wants it folded, see {@link folds}. */
  #last: SocketSnapshot | undefined;
  /** It, and what events have changed since. */
  readonly #folded = new FoldedSockets();
  #ownersDueMs = 0;

  /** @param counters of the namespace, read before its sockets */
  constructor(found: FoundNetns, reader: NetnsReader, counters: NetnsCounters) {
    this.found = found;
    this.#reader = reader;
    this.#counters = counters;
  }

  /**
   * All sockets that a query asks for, with their owners.
   *
   * @param scans descriptors of its processes that were read just before
   * @param held sockets of a pass that was made after the counters were read: where these have no other TCP sockets,
   *   those are asked for one by one, which spares a walk of the host's table
   * @throws {Failure} when the namespace no longer exists
   */
  read(atMs: number, query: SocketQuery, scans: readonly DescriptorScan[] = [], held?: HeldSockets): SocketSnapshot {
    const how = { nowMs: atMs, owners: 'foreground', readings: scans } as const;
    return this.#made(this.#dumpOrAsk(query, how, held), query);
  }

  /**
   * The sockets that `sockstat` does not count: TCP without TIME_WAIT, all where there is none.
   *
   * @param held as for {@link read}
   * @throws {Failure} when the namespace no longer exists
   */
  readBriefly(atMs: number, held?: HeldSockets): SocketSnapshot {
    const query = this.briefQuery;
    // A pass has told who holds them.
    const found = held === undefined ? 'background' : 'foreground';
    const owners = this.#findsOwners(atMs) ? found : 'later';
    return this.#made(this.#dumpOrAsk(query, { nowMs: atMs, owners }, held), query);
  }

  /** What background dumps read. */
  get briefQuery(): SocketQuery {
    return briefQuery(this.#counters.last?.sockstat, isShared(this.found));
  }

  /**
   * Whether a pass over the descriptors of the host may have every socket that a query asks for, by the counters as last
   * read: none in TIME_WAIT, of which some are in FIN_WAIT2.
   */
  couldBeHeld(query: SocketQuery): boolean {
    const { sockstat } = this.#counters.last ?? {};
    return sockstat?.timeWait === 0 && heldProtos(query, sockstat) !== undefined;
  }

  /** Whether its TCP sockets may be asked for one by one, by the counters as last read. */
  couldBeAsked(query: SocketQuery): boolean {
    return this.#counters.last?.sockstat?.timeWait === 0 && isAskable(query);
  }

  /**
   * Takes over the sockets from a pass that was made after the counters were read.
   *
   * @param isForeground whether owners are remembered at once
   * @returns undefined where the counters have sockets that the pass did not find, or changed meanwhile: a dump is due
   */
  takeHeld(held: HeldSockets, atMs: number, query: SocketQuery, isForeground: boolean): SocketSnapshot | undefined {
    const before = this.#counters.last;
    const after = this.#counters.peek('some');
    const protos = before?.sockstat && heldProtos(query, before.sockstat);
    const sockets = held.of(this.#netns, protos ?? [], query.states);
    const isWhole =
      before !== undefined &&
      after !== undefined &&
      protos !== undefined &&
      movementSince(before, after) !== 'connections' &&
      [before, after].every(({ sockstat }) => sockstat !== undefined && sockets.isAllOf(sockstat));
    if (!isWhole) {
      this.unseenMs = atMs;
      return undefined;
    }
    const owners = isForeground || this.#findsOwners(atMs) ? 'foreground' : 'later';
    this.#reader.take(sockets, { nowMs: held.takenAtMs, owners });
    const coverage = { complete: true, notes: [] };
    const takenAt = new Date(held.takenAtMs);
    const dump: SocketDump = { takenAt, source: 'bpf_iter', sources: {}, coverage, sockets };
    return { ...this.#made(dump, query), ownersAtMs: held.takenAtMs };
  }

  /** Folds an event into the last snapshot. */
  addEvent(event: ConnectionEvent): void {
    this.#folded.add(event);
  }

  /** Notes a loss of events: nothing is folded until the sockets are read again. */
  loseEvents(): void {
    this.#folded.lose();
  }

  /**
   * The sockets of the last snapshot with the connection events since.
   *
   * @returns undefined where events changed nothing, or not all of them are known
   */
  folded(): SocketSnapshot | undefined {
    if (this.#last === undefined || !this.#folded.isWhole || !this.#folded.takeNews()) return undefined;
    const reader = this.#reader;
    return {
      ...this.#last,
      sockets: this.#folded,
      holdersOf: (socket) => (socket instanceof FoldedConnection ? socket.holders : reader.holdersOf(socket)),
      containerOf: (socket) =>
        socket instanceof FoldedConnection ? (reader.container ?? socket.container) : reader.containerOf(socket),
      attributionOf: (socket) =>
        socket instanceof FoldedConnection && socket.container !== undefined
          ? 'process'
          : reader.attributionOf(socket)?.by,
    };
  }

  get #netns(): number {
    return this.found.handle.target.netns;
  }

  #dumpOrAsk(query: SocketQuery, how: ReadOptions, held: HeldSockets | undefined): SocketDump {
    const asked = held && this.#ask(query, how, held);
    this.wasAsked = asked !== undefined;
    return asked ?? this.#reader.read(query, how);
  }

  /** Asks for the TCP sockets of a pass one by one. @returns undefined where there may be others */
  #ask(query: SocketQuery, how: ReadOptions, held: HeldSockets): SocketDump | undefined {
    const before = this.#counters.last;
    if (!this.couldBeAsked(query) || before?.sockstat === undefined) return undefined;
    const sockets = held.of(this.#netns, ['tcp'], query.states);
    const known = sockets.isAllOf(before.sockstat) ? sockets.identities() : undefined;
    const read = known && this.#reader.read(query, { ...how, known });
    const after = read && this.#counters.peek('some');
    const isWhole =
      after?.sockstat !== undefined &&
      movementSince(before, after) !== 'connections' &&
      sockets.isAllOf(after.sockstat);
    if (isWhole) return read;
    this.unseenMs = how.nowMs;
    return undefined;
  }

  #findsOwners(atMs: number): boolean {
    const findsOwners = isShared(this.found) || atMs >= this.#ownersDueMs;
    if (findsOwners) this.#ownersDueMs = atMs + OWNERS_MS;
    return findsOwners;
  }

  #made(dump: SocketDump, { states }: SocketQuery): SocketSnapshot {
    const reader = this.#reader;
    this.#counters.setSnapshot();
    this.lastMs = dump.takenAt.getTime();
    const made: SocketSnapshot = {
      takenAtMs: this.lastMs,
      source: dump.source,
      sources: otherSources(dump),
      coverage: dump.coverage,
      sockets: dump.sockets,
      withoutStates: ALL_STATES & ~states,
      ownersAtMs: reader.owners.asOfMs,
      holdersOf: (socket: SocketView) => reader.holdersOf(socket),
      containerOf: (socket: SocketView) => reader.containerOf(socket),
      attributionOf: (socket: SocketView) => reader.attributionOf(socket)?.by,
      seenSince: (socket: SocketView) => reader.memory.seenSince(socket),
    };
    this.#last = this.folds ? made : undefined;
    if (this.folds) {
      const base = dump.sockets instanceof HeldOfNetns ? dump.sockets.detached() : dump.sockets;
      this.#folded.begin(base, made.takenAtMs);
    } else this.#folded.end();
    return made;
  }
}

/** Sources of the protocols that were not read like the others, and of all that are not always read; undefined for none. */
function otherSources({ source, sources }: SocketDump): SocketSnapshot['sources'] {
  const others = Object.entries(sources).filter(([proto, other]) => other !== source || isOtherProto(proto as Proto));
  return others.length > 0 ? Object.fromEntries(others) : undefined;
}
