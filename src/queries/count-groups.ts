import { GroupCounter } from '../count/group-counter.ts';
import { Roles } from '../count/roles.ts';
import { narrowed } from '../filter/bound-filter.ts';
import type { Filter } from '../filter/syntax.ts';
import type { Names } from '../model/names.ts';
import type { GroupKey } from '../model/report/group.ts';
import type { GroupReport } from '../model/report/report.ts';
import type { SocketsHeader } from '../model/sample/coverage.ts';
import type { SocketQuery } from '../model/socket/socket-query.ts';
import type { NetnsSnapshot, SnapshotFilter } from '../sources/snapshot.ts';
import { containerNames } from './container-names.ts';
import { addGaps } from './owner-gaps.ts';
import { bindIn, checkAnswerable, decidesAlone, matching, rolesOf, testAlone } from './socket-test.ts';

/** Which sockets are counted, and by what. */
export interface GroupsOptions {
  query: SocketQuery;
  keys: readonly GroupKey[];
  /** Whether addresses and ports get names. */
  names: boolean;
  /** Only those that match; undefined for all. */
  filter?: Filter | undefined;
}

/** Keys that need a second pass over the sockets, after owners or listeners were found. */
const NEEDS_ALL: readonly GroupKey[] = ['process', 'container', 'role', 'service'];

/** Keys computed from the kernel's TCP information. */
const MEASURED: readonly GroupKey[] = ['idle', 'age', 'rtt'];

/** Keys attribution values have names. */
const NAMED: readonly GroupKey[] = ['peer', 'peer-address', 'peer-port', 'local', 'local-port', 'service'];

/**
 * Counts the sockets of a namespace in groups. Where the keys allow it they are counted as they arrive and none is
 * stored.
 *
 * @throws {Failure} `usage` and `unsupported` for a filter that cannot be decided, and as `NetnsSnapshot.read`
 */
export async function countGroups(netns: NetnsSnapshot, options: GroupsOptions): Promise<GroupReport> {
  const { keys, filter } = options;
  const query = { ...options.query, tcpInfo: options.query.tcpInfo || keys.some((key) => MEASURED.includes(key)) };
  const bound = await bindIn(netns, filter, query);
  const names = options.names && keys.some((key) => NAMED.includes(key)) ? await netns.names() : undefined;
  const streams = !keys.some((key) => NEEDS_ALL.includes(key)) && (bound === undefined || decidesAlone(bound));
  if (!streams) return countAgain(netns, { ...options, query }, bound, names);
  // Listeners are few and in a table of their own.
  const roles = keys.includes('peer') ? await rolesOf(netns, query) : undefined;
  const deviceName = (index: number) => netns.deviceName(index);
  const counter = new GroupCounter(keys, { names, deviceName, ...(roles !== undefined && { roles }) });
  const test = bound === undefined ? () => true : testAlone(bound);
  const read = await netns.stream(bound === undefined ? query : narrowed(query, bound), (socket) => {
    if (test(socket)) counter.add(socket);
  });
  if (bound !== undefined) checkAnswerable(netns, read, bound);
  return report(netns, read, keys, counter);
}

/** As {@link countGroups}, where owners or listeners of all sockets are needed first. */
async function countAgain(
  netns: NetnsSnapshot,
  { keys, query }: GroupsOptions,
  bound: SnapshotFilter | undefined,
  names: Names | undefined,
): Promise<GroupReport> {
  const read = await netns.read(bound === undefined ? query : narrowed(query, bound));
  const byContainer = keys.includes('container') || bound?.needs.containers === true;
  const attribution = byContainer ? await netns.attribution(read.sockets) : undefined;
  const containerOf = attribution && containerNames(await netns.residents(), attribution);
  const sockets = bound === undefined ? read.sockets : await matching({ netns, query, containerOf }, read, bound);
  const owners = attribution?.owners ?? (keys.includes('process') ? netns.owners(sockets) : undefined);
  if (owners !== undefined) addGaps(read.coverage, owners, bound?.needs.containers ? read.sockets : sockets);
  const counter = new GroupCounter(keys, {
    names,
    deviceName: (index) => netns.deviceName(index),
    // With a filter the listeners may be left out: they are dumped separately.
    roles: bound === undefined ? new Roles(sockets) : await rolesOf(netns, query),
    ...(owners !== undefined && {
      processOf: ({ inode }) => {
        const [first] = owners.processesOf(inode);
        return first === undefined ? undefined : `${first.pid}/${first.name}`;
      },
    }),
    ...(containerOf !== undefined && { containerOf }),
  });
  sockets.each((socket) => counter.add(socket));
  const origin = owners?.origin;
  return { ...report(netns, read, keys, counter), ...(origin && { owners: origin }) };
}

function report(
  { target }: NetnsSnapshot,
  { takenAt, source, sources, coverage }: SocketsHeader,
  keys: readonly GroupKey[],
  counter: GroupCounter,
): GroupReport {
  const groups = counter.groups();
  const sockets = groups.reduce((sum, { count }) => sum + count, 0);
  return { target, takenAt, source, sources, coverage, keys, groups, total: { sockets, groups: groups.length } };
}
