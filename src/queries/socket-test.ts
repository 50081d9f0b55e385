import { Roles } from '../count/roles.ts';
import type { BoundFilter } from '../filter/bound-filter.ts';
import { compileTest, type SocketLookups, type Test } from '../filter/evaluate.ts';
import { filterTest } from '../filter/filter-test.ts';
import { checkApplies, checkKnown, PROCFS } from '../filter/known-fields.ts';
import type { Filter } from '../filter/syntax.ts';
import { Failure } from '../model/failure.ts';
import type { SocketsHeader } from '../model/sample/coverage.ts';
import type { SocketQuery } from '../model/socket/socket-query.ts';
import type { SocketSource, SocketView } from '../model/socket/socket-view.ts';
import { stateMask, TCP_STATE } from '../model/socket/tcp-state.ts';
import type { NetnsSnapshot, SnapshotFilter, SocketsRead } from '../sources/snapshot.ts';
import { addGaps } from './owner-gaps.ts';

/** What a filter is applied to. */
export interface FilterContext {
  netns: NetnsSnapshot;
  /** The query without the filter. */
  query: SocketQuery;
  /** Name of the container of a socket. Needed by `container`. */
  containerOf?: ((socket: SocketView) => string | undefined) | undefined;
}

/** Whether a filter can be decided for each socket as it arrives, without knowing all of them. */
export function decidesAlone({ needs }: BoundFilter): boolean {
  return !(needs.processes || needs.containers || needs.listeners || needs.autobound || needs.marks);
}

/**
 * Binds a filter in a namespace, and refuses keywords that cannot be decided there before anything is read.
 *
 * @returns undefined for no filter, or an empty one
 * @throws {Failure} `usage` for an unknown name, a keyword that the source cannot decide, and one that applies to none
 *   of the requested protocols
 */
export async function bindIn(
  netns: NetnsSnapshot,
  filter: Filter | undefined,
  { protos }: SocketQuery,
): Promise<SnapshotFilter | undefined> {
  const bound = filter && (await netns.bind(filter));
  if (bound === undefined) return undefined;
  checkKnown(bound.tree, netns.knownFields);
  checkApplies(bound.tree, protos);
  return bound;
}

/**
 * The sockets that a filter matches. Each is tested here, also where the kernel filtered before.
 *
 * @throws {Failure} `unsupported` or `not-permitted` when the filter needs data that could not be read
 */
export async function matching(
  context: FilterContext,
  read: SocketsRead,
  bound: SnapshotFilter,
): Promise<SocketSource> {
  const test = await socketTest(context, read, bound);
  return {
    each(visit) {
      read.sockets.each((socket) => {
        if (test(socket)) visit(socket);
      });
    },
  };
}

/**
 * The test of a filter that {@link decidesAlone}, for sockets as they arrive. Whether the source had the data is known
 * after all were read: see {@link checkAnswerable}.
 */
export function testAlone(bound: BoundFilter): Test {
  return compileTest(bound.tree, {});
}

/** Makes the test of a filter for one moment of one namespace, for `ls` and `kill`. */
async function socketTest(context: FilterContext, read: SocketsRead, bound: SnapshotFilter): Promise<Test> {
  const { netns, query } = context;
  const { needs } = bound;
  checkAnswerable(netns, read, bound);
  if (needs.marks) checkMarks(read.sockets);
  const owners = needs.processes ? netns.owners(read.sockets) : undefined;
  // Sockets without a known holder do not match: the coverage has to say so.
  if (owners !== undefined) addGaps(read.coverage, owners, read.sockets);
  const isAutobound = needs.autobound ? netns.autobound?.(query) : undefined;
  return filterTest(bound, netns.knownFields, {
    // Any of the holders may match.
    ...(owners !== undefined && { processesOf: ({ inode }) => owners.processesOf(inode) }),
    ...(needs.containers && { belongsTo: membership(context, bound) }),
    ...(needs.listeners && (await listening(netns, query))),
    ...(isAutobound !== undefined && { isAutobound }),
  });
}

/**
 * Refuses a filter on a field that `/proc` lacks where the sockets were read from `/proc`: an empty answer would be
 * wrong. Where only some protocols were, they are noted as incomplete.
 *
 * @throws {Failure} `unsupported`
 */
export function checkAnswerable({ target }: NetnsSnapshot, read: SocketsHeader, { needs }: BoundFilter): void {
  if (needs.onlyDiag.length === 0) return;
  const words = needs.onlyDiag.join(', ');
  if (read.source === 'procfs') {
    // The note says why not by sock_diag, and names the capability that is missing.
    const why = read.coverage.notes.length === 0 ? '' : ` (${read.coverage.notes.join('; ')})`;
    throw new Failure(PROCFS.kind, `${target.name}: ${PROCFS.refusal(words)}${why}`);
  }
  const blind = Object.entries(read.sources).flatMap(([proto, source]) => (source === 'procfs' ? [proto] : []));
  if (blind.length === 0) return;
  read.coverage.complete = false;
  read.coverage.notes.push(`${blind.join(', ')}: read from /proc, which lacks ${words}`);
}

/** Marks need CAP_NET_ADMIN, while sockets do not: without it no socket has one. */
function checkMarks(sockets: SocketSource): void {
  let first: boolean | undefined;
  sockets.each((socket) => {
    if (first === undefined && (socket.proto === 'tcp' || socket.proto === 'udp')) first = socket.mark() !== undefined;
  });
  if (first === false) {
    throw new Failure(
      'not-permitted',
      'fwmark: the kernel shows marks only with CAP_NET_ADMIN over the namespace, which is missing',
    );
  }
}

function membership({ containerOf }: FilterContext, bound: SnapshotFilter): NonNullable<SocketLookups['belongsTo']> {
  const names = new Map<string, ReadonlySet<string>>();
  return (socket, wanted) => {
    let those = names.get(wanted);
    if (those === undefined) {
      those = bound.containersNamed(wanted);
      names.set(wanted, those);
    }
    const name = containerOf?.(socket);
    return name !== undefined && those.has(name);
  };
}

/** Listeners are few and in a kernel table of their own: they are dumped separately, whatever the filter leaves out. */
async function listening(
  netns: NetnsSnapshot,
  query: SocketQuery,
): Promise<Pick<SocketLookups, 'roleOf' | 'isListenedOn'>> {
  const roles = await rolesOf(netns, query);
  return {
    roleOf: (socket) => roles.of(socket),
    isListenedOn: (socket) => roles.isListenedOn(socket),
  };
}

/** The listeners of a namespace. */
export async function rolesOf(netns: NetnsSnapshot, query: SocketQuery): Promise<Roles> {
  const states = stateMask(TCP_STATE.LISTEN, TCP_STATE.CLOSE);
  const asked = { ...query, inet: true, inet6: true, states, tcpInfo: false, filter: undefined };
  return new Roles((await netns.read(asked)).sockets);
}
