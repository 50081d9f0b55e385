import { Roles } from '../count/roles.ts';
import type { BoundFilter } from '../filter/bound-filter.ts';
import { filterTest } from '../filter/filter-test.ts';
import { checkKnown, isConstant, isConstantInEstablished, PACKET_EVENTS, unknownIn } from '../filter/known-fields.ts';
import type { ConnectionEvent } from '../model/socket/connection-event.ts';
import type { PacketEvent } from '../model/socket/packet-event.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import type { SampleSource, SocketSnapshot } from '../sources/sample-source.ts';

/** Makes the test of a filter for the sockets of one snapshot. */
export type SnapshotTest = (snapshot: SocketSnapshot) => (socket: SocketView) => boolean;

/** The test of a filter for connection events. */
export type EventTest = (event: ConnectionEvent) => boolean;

/** The part of a source that tests need. */
type Source = Pick<SampleSource, 'knowledge' | 'isNamed'>;

/** The tests of a filter for the snapshots and connection events of a source. */
export interface FilterTests {
  snapshot: SnapshotTest;
  /** Undefined where the filter cannot be decided for events: how many match is then unknown. */
  events: EventTest | undefined;
  /** Whether the filter has the same answer for a connection as long as it lives: events alone can count its connections. */
  isConstant: boolean;
  /** Whether that is so as long as it is ESTABLISHED, and no connection in any other state passes. */
  isConstantInEstablished: boolean;
}

/**
 * The tests of a filter for snapshots, and for the events between them.
 *
 * @throws {Failure} `usage` for a keyword that the source's snapshots cannot decide
 */
export function testsOverTime(bound: BoundFilter, source: Source): FilterTests {
  checkKnown(bound.tree, source.knowledge.snapshots);
  const decided = unknownIn(bound.tree, source.knowledge.closed).length === 0;
  return {
    snapshot: snapshotTest(bound, source),
    events: decided ? eventTest(bound, source) : undefined,
    isConstant: decided && isConstant(bound.tree),
    isConstantInEstablished: decided && isConstantInEstablished(bound.tree),
  };
}

/**
 * The test of a filter for connection events: processes, containers, roles and ages are those of the event, or that
 * dumps showed.
 *
 * @throws {Failure} `usage` for a keyword that neither events nor dumps can decide
 */
export function eventTest(bound: BoundFilter, source: Source): EventTest {
  let current: ConnectionEvent | undefined;
  const test = filterTest(bound, source.knowledge.closed, {
    processesOf: () => current?.processes ?? [],
    belongsTo: (_, wanted) => current?.container !== undefined && source.isNamed(current.container, wanted),
    roleOf: () => current?.role ?? 'client',
    isListenedOn: () => current?.role === 'server',
    ageUsOf: () => {
      const sinceMs = current?.openedAtMs ?? current?.remembered?.firstSeenMs;
      return current === undefined || sinceMs === undefined ? undefined : (current.atMs - sinceMs) * 1000;
    },
  });
  return (event) => {
    current = event;
    return test(event.socket);
  };
}

/**
 * The test of a filter for packet events.
 *
 * @throws {Failure} `usage` for a keyword that they cannot decide
 */
export function packetTest(bound: BoundFilter, source: Pick<Source, 'isNamed'>): (event: PacketEvent) => boolean {
  let current: PacketEvent | undefined;
  const isServer = () => current?.isServer === true;
  const test = filterTest(bound, PACKET_EVENTS, {
    processesOf: () => current?.processes ?? [],
    belongsTo: (_, wanted) => current?.container !== undefined && source.isNamed(current.container, wanted),
    roleOf: () => (isServer() ? 'server' : 'client'),
    isListenedOn: isServer,
    ageUsOf: () => undefined,
  });
  return (event) => {
    current = event;
    return test(event.socket);
  };
}

function snapshotTest(bound: BoundFilter, source: Source): SnapshotTest {
  return ({ sockets, holdersOf, containerOf, seenSince, takenAtMs }) => {
    const roles = bound.needs.listeners ? new Roles(sockets) : undefined;
    return filterTest(bound, source.knowledge.snapshots, {
      processesOf: holdersOf,
      belongsTo: (socket, wanted) => {
        const container = containerOf(socket);
        return container !== undefined && source.isNamed(container, wanted);
      },
      ...(roles !== undefined && {
        roleOf: (socket) => roles.of(socket),
        isListenedOn: (socket) => roles.isListenedOn(socket),
      }),
      ageUsOf: (socket) => {
        const since = seenSince(socket);
        return since === undefined ? undefined : (takenAtMs - since.firstSeenMs) * 1000;
      },
    });
  };
}
