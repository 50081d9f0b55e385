import type { BoundFilter } from '../collect/bind-filter.ts';
import { containersNamed } from '../collect/containers-named.ts';
import { readLocalPortRange } from '../collect/local-port-range.ts';
import { type Look, look } from '../collect/look.ts';
import type { Machine } from '../collect/machine.ts';
import { findOwners } from '../collect/owners.ts';
import type { Place } from '../collect/place.ts';
import { processNames } from '../collect/process-names.ts';
import { Roles } from '../count/roles.ts';
import { encodeProgram } from '../filter/bytecode.ts';
import { compileTest, type Surroundings, type Test } from '../filter/evaluate.ts';
import { atom } from '../filter/tree.ts';
import type { ContainerFacts } from '../model/container.ts';
import { Failure } from '../model/failure.ts';
import type { SocketQuery } from '../model/socket-query.ts';
import type { SocketSource, SocketView } from '../model/socket-view.ts';
import { ALL_STATES, stateMask, TCP_STATE } from '../model/tcp-state.ts';

/** What is known around the sockets that a filter is put to. */
export interface FilterGround {
  machine: Machine;
  place: Place;
  /** As it was asked without the filter. */
  query: SocketQuery;
  containers: readonly ContainerFacts[];
  /** Name of the container of a socket. Needed by `container`. */
  containerOf?: ((socket: SocketView) => string | undefined) | undefined;
}

/** Whether a filter can be put to each socket as it arrives, with nothing found out about all of them before. */
export function decidesAlone({ needs }: BoundFilter): boolean {
  return !(needs.processes || needs.containers || needs.listeners || needs.autobound || needs.marks);
}

/**
 * The sockets of a look that a filter matches. Each is tested here, whatever the kernel has left
 * out before.
 *
 * @throws {Failure} when the filter asks for what this look cannot tell
 */
export function matching(ground: FilterGround, seen: Look, bound: BoundFilter): SocketSource {
  const test = testFor(ground, seen, bound, seen.sockets);
  return {
    each(visit) {
      seen.sockets.each((socket) => {
        if (test(socket)) visit(socket);
      });
    },
  };
}

/**
 * The test of a filter that {@link decidesAlone}, for sockets as they arrive. What the look could
 * not tell shows when it is over: see {@link checkAnswerable}.
 */
export function testAlone(bound: BoundFilter): Test {
  return compileTest(bound.tree, {});
}

function testFor(ground: FilterGround, seen: Look, bound: BoundFilter, sockets: SocketSource): Test {
  checkAnswerable(ground, seen, bound);
  const { needs, tree } = bound;
  if (needs.marks) checkMarks(sockets);
  return compileTest(tree, {
    ...(needs.processes && { processesOf: processesOf(ground.machine, sockets) }),
    ...(needs.containers && { isOf: membership(ground) }),
    ...(needs.listeners && listening(ground)),
    ...(needs.autobound && { isAutobound: autobound(ground) }),
  });
}

/**
 * Refuses a filter on something that was read from `/proc` alone and that `/proc` does not tell: an
 * empty answer would be a lie.
 *
 * @throws {Failure} `unsupported`
 */
export function checkAnswerable({ place }: FilterGround, seen: Omit<Look, 'sockets'>, { needs }: BoundFilter): void {
  if (needs.onlyDiag.length === 0) return;
  const words = needs.onlyDiag.join(', ');
  if (seen.source === 'procfs') {
    throw new Failure(
      'unsupported',
      `${place.target.name}: the filter asks for ${words}, which /proc does not tell (sock_diag does: run as root)`,
    );
  }
  const blind = Object.entries(seen.sources).flatMap(([proto, source]) => (source === 'procfs' ? [proto] : []));
  if (blind.length === 0) return;
  seen.coverage.complete = false;
  seen.coverage.notes.push(`${blind.join(', ')}: read from /proc, which does not tell ${words}`);
}

/** Everybody sees the sockets, but marks are shown to some only: then there is none at all. */
function checkMarks(sockets: SocketSource): void {
  let first: boolean | undefined;
  sockets.each((socket) => {
    if (first === undefined && (socket.proto === 'tcp' || socket.proto === 'udp')) first = socket.mark() !== undefined;
  });
  if (first === false) {
    throw new Failure(
      'not-permitted',
      'fwmark: the kernel shows marks only with CAP_NET_ADMIN over the namespace; run as root',
    );
  }
}

function processesOf(machine: Machine, sockets: SocketSource): NonNullable<Surroundings['processesOf']> {
  const inodes = new Set<number>();
  sockets.each((socket) => {
    if (socket.inode !== 0) inodes.add(socket.inode);
  });
  // Any of its holders may be the one that is meant.
  const holders = processNames(machine, findOwners(machine, inodes, [], true));
  return ({ inode }) => holders(inode);
}

function membership({ containers, containerOf }: FilterGround): NonNullable<Surroundings['isOf']> {
  const names = new Map<string, ReadonlySet<string>>();
  return (socket, wanted) => {
    let those = names.get(wanted);
    if (those === undefined) {
      those = new Set(containersNamed(containers, wanted).map((facts) => facts.name));
      names.set(wanted, those);
    }
    const name = containerOf?.(socket);
    return name !== undefined && those.has(name);
  };
}

/** Listeners are few and stand in a table of their own: they are asked for apart, whatever the filter leaves out. */
function listening({ machine, place, query }: FilterGround): Pick<Surroundings, 'roleOf' | 'isListenedOn'> {
  const roles = rolesOf(machine, place, query);
  return {
    roleOf: (socket) => roles.of(socket),
    isListenedOn: (socket) => roles.isListenedOn(socket),
  };
}

/** Who listens in a namespace. */
export function rolesOf(machine: Machine, place: Place, query: SocketQuery): Roles {
  const states = stateMask(TCP_STATE.LISTEN, TCP_STATE.CLOSE);
  const asked = { ...query, inet: true, inet6: true, states, tcpInfo: false, filter: undefined };
  return new Roles(look(machine, place, asked).sockets);
}

/**
 * Which local ports the kernel chose is in no answer: the kernel is asked for those alone, and they
 * are known by their cookies. It says so of TIME_WAIT and half-open entries too, whatever their port:
 * only one that it can have chosen counts.
 */
function autobound({ machine, place, query }: FilterGround): (socket: SocketView) => boolean {
  const program = encodeProgram(atom({ kind: 'autobound' }), { newer: true, marks: true });
  const programs = program === undefined ? [] : [program];
  const protos = query.protos.filter((proto) => proto !== 'unix' && proto !== 'raw');
  const asked = { ...query, protos, states: ALL_STATES, tcpInfo: false, filter: { programs } };
  const cookies = new Set<string>();
  look(machine, place, asked).sockets.each((socket) => {
    cookies.add(cookieOf(socket));
  });
  const { first, last } = readLocalPortRange(machine, place);
  return (socket) => socket.localPort >= first && socket.localPort <= last && cookies.has(cookieOf(socket));
}

function cookieOf({ cookieLow, cookieHigh }: SocketView): string {
  return `${cookieHigh}:${cookieLow}`;
}
