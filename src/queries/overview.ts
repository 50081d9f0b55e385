import { PeerCounter } from '../count/peer-counter.ts';
import { Roles } from '../count/roles.ts';
import { narrowed } from '../filter/bound-filter.ts';
import type { Filter } from '../filter/syntax.ts';
import { ecsTaskOf } from '../model/container/ecs-task.ts';
import { podOf } from '../model/container/pod.ts';
import { serviceOf } from '../model/container/service.ts';
import { Failure } from '../model/failure.ts';
import type { Names } from '../model/names.ts';
import { OUTSIDE } from '../model/netns/attribution.ts';
import type { Sockstat } from '../model/netns/counters.ts';
import { NO_RUNTIME, sharedName } from '../model/netns/sharing.ts';
import type { BusiestPeer, Overview, OverviewRow } from '../model/report/overview.ts';
import { NOT_ROOT } from '../model/sample/coverage.ts';
import { mayNameService } from '../model/socket/endpoint.ts';
import { countedSockets, OTHER_PROTOS, type SocketQuery } from '../model/socket/socket-query.ts';
import type { SocketSource } from '../model/socket/socket-view.ts';
import type {
  NetnsSnapshot,
  Resident,
  Residents,
  Snapshot,
  SnapshotFilter,
  SocketAttribution,
  SocketsRead,
  SocketsToCount,
} from '../sources/snapshot.ts';
import { containerNames } from './container-names.ts';
import { addGaps } from './owner-gaps.ts';
import { bindIn, matching, rolesOf } from './socket-test.ts';

/** What is counted, and what is added to it. */
export interface OverviewOptions {
  /** Whether the busiest peers get names. */
  names: boolean;
  /** Only sockets that match are counted; undefined for all. */
  filter?: Filter | undefined;
  /** Whether the rows are those of TARGETs: then other containers are not missing. */
  isNamed?: boolean;
}

/**
 * One row for every running container; where the snapshot shows all, for every other network namespace and the
 * host too. A namespace is read once, however many share it.
 *
 * @throws {Failure} `not-permitted` when no namespace at all could be read, `usage` for a filter that cannot be decided
 */
export async function overview(snapshot: Snapshot, options: OverviewOptions): Promise<Overview> {
  const { anyContainer, lookedFor, withoutContainers, withoutProcess, notes } = await snapshot.inventory();
  const names = options.names ? await snapshot.names() : undefined;
  const result: Overview = {
    takenAt: snapshot.takenAt,
    rows: [],
    lookedFor: [...lookedFor],
    anyContainer,
    withoutContainers: options.isNamed ? undefined : withoutContainers,
    coverage: { complete: true, notes: [...snapshot.notes, ...notes] },
  };
  const refused: { row: OverviewRow; error: Failure }[] = [];
  for (const netns of snapshot.namespaces) {
    try {
      result.rows.push(...(await rowsOfNetns(netns, { names, filter: options.filter, showsAll: snapshot.showsAll })));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      result.coverage.complete = false;
      if (error.kind === 'usage') throw error;
      if (error.kind === 'not-permitted') refused.push({ row: unreadRow(netns), error });
      else result.coverage.notes.push(error.message);
    }
  }
  const [first] = refused;
  if (result.rows.length === 0 && first !== undefined) throw first.error;
  for (const { row, error } of refused) {
    result.rows.push(row);
    if (!isOfOrdinaryUser(result)) result.coverage.notes.push(error.message);
  }
  // A container that a runtime lists but that has no process here is reported, not left out silently.
  for (const sentence of options.isNamed ? [] : withoutProcess) {
    result.coverage.complete = false;
    result.coverage.notes.push(sentence);
  }
  return result;
}

/** The row of a namespace that may not be read. */
function unreadRow({ target }: NetnsSnapshot): OverviewRow {
  return { ...target, sharedWith: [], sockets: null, coverage: { complete: false, notes: [] } };
}

/** Whether the note about all that an ordinary user cannot see is there: then it stands for unread namespaces too. */
function isOfOrdinaryUser({ coverage, rows }: Overview): boolean {
  return [coverage, ...rows.map((row) => row.coverage)].some(({ notes }) => notes.includes(NOT_ROOT));
}

/** What the rows of all namespaces have in common. */
interface RowOptions {
  names: Names | undefined;
  filter: Filter | undefined;
  /** Whether the protocols that only `ps --all` counts are read, too. */
  showsAll: boolean;
}

/** The rows of one namespace, which is read once. */
async function rowsOfNetns(netns: NetnsSnapshot, options: RowOptions): Promise<OverviewRow[]> {
  const residents = await netns.residents();
  return residents.shared ? sharedRows(netns, residents, options) : [await singleRow(netns, residents, options)];
}

/** The row of a namespace that is not shared. UDP and RAW are taken from `sockstat`. */
async function singleRow(netns: NetnsSnapshot, residents: Residents, options: RowOptions): Promise<OverviewRow> {
  const { read, sockets, roles } = await singleRead(netns, residents, options);
  const counter = new PeerCounter(roles);
  sockets.each((socket) => counter.add(socket));
  const [container] = residents.containers;
  const owner = container?.id ?? OUTSIDE;
  const isContainer = container !== undefined && container.id === netns.target.id;
  const identity = { ...netns.target, ...(isContainer && labelled(container)), sharedWith: [] };
  return makeRow(netns, owner, identity, counter, read, options.names, read.sockstat);
}

async function singleRead(
  netns: NetnsSnapshot,
  residents: Residents,
  { filter, showsAll }: RowOptions,
): Promise<MatchingSockets & { read: SocketsToCount }> {
  if (filter?.tree === undefined) {
    const read = await netns.readToCount(showsAll);
    return { read, sockets: read.sockets, roles: new Roles(read.sockets) };
  }
  const asked = countedSockets(false, showsAll);
  const bound = await bindIn(netns, filter, asked);
  const read = await readMatching(netns, asked, bound);
  const matching = await matchingOf(netns, residents, read, asked, bound);
  return { ...matching, read: { ...read, sockstat: undefined } };
}

/**
 * A namespace that several share: each socket goes to its owner, and those of nobody to a row of their own. A snapshot
 * of some of its containers has their rows only.
 */
async function sharedRows(
  netns: NetnsSnapshot,
  residents: Residents,
  { names, filter, showsAll }: RowOptions,
): Promise<OverviewRow[]> {
  const { containers, isHost } = residents;
  const asked = countedSockets(false, showsAll);
  const bound = await bindIn(netns, filter, asked);
  const read = await readMatching(netns, asked, bound);
  const attribution = await netns.attribution(read.sockets);
  const { of, owners, unreadable } = attribution;
  const { sockets, roles } = await matchingOf(netns, residents, read, asked, bound, attribution);
  const counters = new Map<string | undefined, PeerCounter>();
  const counterOf = (owner: string | undefined) => {
    const known = counters.get(owner) ?? new PeerCounter(roles);
    counters.set(owner, known);
    return known;
  };
  sockets.each((socket) => {
    const owner = of(socket)?.owner;
    counterOf(owner === OUTSIDE && !isHost ? undefined : owner).add(socket);
  });
  addGaps(read.coverage, owners, read.sockets);
  const members = [...containers.map(({ name }) => name), ...(isHost ? ['host'] : [])];
  const rowOf = async (owner: string, identity: Omit<Identity, 'sharedWith'>) => {
    const sharedWith = members.filter((name) => name !== identity.name);
    const row = await makeRow(netns, owner, { ...identity, sharedWith }, counterOf(owner), read, names);
    return unreadable.has(owner) ? withoutZeros(row) : row;
  };
  const { scope } = netns;
  const rows: OverviewRow[] = [];
  for (const container of containers) {
    if (scope?.includes(container.id) ?? true) rows.push(await rowOf(container.id, identityOf(container)));
  }
  if (scope !== undefined) return rows;
  const inode = netns.target.netns;
  if (isHost) rows.push(await rowOf(OUTSIDE, { name: 'host', runtime: 'host', pid: 1, netns: inode }));
  const nobody = { name: sharedName(members), runtime: NO_RUNTIME, netns: inode, sharedWith: members };
  const shared = await makeRow(netns, undefined, nobody, counterOf(undefined), read, names);
  if (hasSockets(shared)) rows.push(shared);
  return rows;
}

function hasSockets({ sockets }: OverviewRow): boolean {
  if (sockets === null) return false;
  // A netlink socket in a namespace is most often dockerd's, which configured it: no reason for a row.
  const { icmp = 0, packet = 0, vsock = 0 } = sockets.others ?? {};
  return sockets.total + sockets.unix + icmp + packet + vsock > 0;
}

/** A row whose owners may not be read: that no socket was assigned to it does not mean that it has none. */
function withoutZeros(row: OverviewRow): OverviewRow {
  return hasSockets(row) ? row : { ...row, sockets: null };
}

type Identity = Pick<
  OverviewRow,
  'name' | 'runtimeName' | 'runtime' | 'id' | 'pid' | 'netns' | 'madeBy' | 'service' | 'ecs' | 'pod' | 'sharedWith'
>;

function identityOf({ labels, pod, ...target }: Resident): Omit<Identity, 'sharedWith'> {
  return { ...target, ...labelled({ labels, ...(pod !== undefined && { pod }) }) };
}

/** What a container's labels and pod tell about where it belongs, and the name that they replace. */
function labelled(
  container: Pick<Resident, 'labels' | 'runtimeName' | 'pod'>,
): Pick<OverviewRow, 'runtimeName' | 'service' | 'ecs' | 'pod'> {
  const { runtimeName } = container;
  const [service, ecs, pod] = [serviceOf(container)?.key, ecsTaskOf(container), podOf(container)];
  return {
    ...(runtimeName !== undefined && { runtimeName }),
    ...(service !== undefined && { service }),
    ...(ecs !== undefined && { ecs }),
    ...(pod !== undefined && { pod }),
  };
}

/**
 * @param owner container id, or {@link OUTSIDE}, whose descriptors are counted; undefined for none
 * @param sockstat counts of the UDP and RAW sockets, where they were not read
 */
async function makeRow(
  netns: NetnsSnapshot,
  owner: string | undefined,
  identity: Identity,
  counter: PeerCounter,
  { source, sources, coverage, timeWaitLeftOut }: SocketsRead,
  names: Names | undefined,
  sockstat?: Sockstat,
): Promise<OverviewRow> {
  const descriptors = owner === undefined ? undefined : await netns.fullestProcess(owner);
  const unknown = descriptors === undefined ? netns.processesNote?.() : undefined;
  if (unknown !== undefined && !coverage.notes.includes(unknown)) coverage.notes.push(unknown);
  const busiestPeer = namedPeer(counter.busiest(), names);
  const totals = counter.totals();
  const others = OTHER_PROTOS.filter((proto) => sources[proto] !== undefined).map((proto) => [
    proto,
    totals.others()[proto],
  ]);
  return {
    ...identity,
    sockets: {
      ...totals.counts(sockstat, { timeWait: timeWaitLeftOut, datagrams: true }),
      ...(others.length > 0 && { others: Object.fromEntries(others) }),
    },
    ...(descriptors !== undefined && { descriptors }),
    ...(busiestPeer !== undefined && { busiestPeer }),
    source,
    coverage,
  };
}

function namedPeer(peer: BusiestPeer | undefined, names: Names | undefined): BusiestPeer | undefined {
  if (peer === undefined) return undefined;
  const name = names?.host(peer.address);
  const service = mayNameService(peer.port) ? names?.service(peer.port, 'tcp') : undefined;
  return { ...peer, ...(name !== undefined && { name }), ...(service !== undefined && { service }) };
}

async function readMatching(
  netns: NetnsSnapshot,
  asked: SocketQuery,
  bound: SnapshotFilter | undefined,
): Promise<SocketsRead> {
  return netns.read(bound === undefined ? asked : narrowed(asked, bound));
}

/** The sockets that are counted, and the roles of all, whose listeners a filter may have left out. */
interface MatchingSockets {
  sockets: SocketSource;
  roles: Roles;
}

async function matchingOf(
  netns: NetnsSnapshot,
  residents: Residents,
  read: SocketsRead,
  asked: SocketQuery,
  bound: SnapshotFilter | undefined,
  attribution?: SocketAttribution,
): Promise<MatchingSockets> {
  if (bound === undefined) return { sockets: read.sockets, roles: new Roles(read.sockets) };
  const known = attribution ?? (bound.needs.containers ? await netns.attribution(read.sockets) : undefined);
  const containerOf = known && containerNames(residents, known);
  const sockets = await matching({ netns, query: asked, containerOf }, read, bound);
  return { sockets, roles: await rolesOf(netns, asked) };
}
