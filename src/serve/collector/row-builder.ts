import type { DeclaredSettings } from '../../model/container/container.ts';
import { ecsTaskOf } from '../../model/container/ecs-task.ts';
import { podOf } from '../../model/container/pod.ts';
import { serviceOf } from '../../model/container/service.ts';
import { OUTSIDE } from '../../model/netns/attribution.ts';
import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import { networkOf } from '../../model/netns/networks.ts';
import { isSameNetns } from '../../model/netns/same-netns.ts';
import { isShared, soleContainer } from '../../model/netns/sharing.ts';
import type { ConnectionEnds } from '../../model/report/connection-ends.ts';
import type { TopRow } from '../../model/report/top-rows.ts';
import type { PoolPeak } from '../../model/sample/sample.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import { identitiesOf, NetnsRows } from '../../queries/rows/netns-rows.ts';
import type { NetnsTick, Tick } from '../../sources/sample-source.ts';
import type { TimeWaitPeer } from '../protocol/container.ts';
import type { ContainerRow, FullestProcess, ProblemNumbers, SocketNumbers } from '../protocol.ts';
import { type LaneHigh, laneHighs } from './lane-highs.ts';
import { type LaneCount, LanePeaks } from './lanes.ts';
import { detailsOf, type NetnsDetails, type OwnerDetails } from './netns-details.ts';

/** A row, without what only others know of it. */
export type SampledRow = Omit<ContainerRow, 'problems'>;

/** Makes the rows of the overview from ticks. */
export class RowBuilder {
  readonly #namespaces = new Map<number, NetnsState>();
  #declared: ReadonlyMap<string, DeclaredSettings> = new Map();
  #lanes = new Map<string, RowLanes>();

  /** Names of images, by container. */
  set declared(declared: ReadonlyMap<string, DeclaredSettings>) {
    this.#declared = declared;
  }

  /** The lanes of a row of the last tick, by its name; undefined before its first snapshot. */
  lanesOf(name: string): RowLanes | undefined {
    return this.#lanes.get(name);
  }

  /**
   * Adds how high lanes were between the last two ticks to the rows of the last one.
   *
   * @param peaksOf what events of connections tell of that time, by the inode of the network namespace
   */
  noteHighs(peaksOf: (netns: number) => readonly PoolPeak[], atMs: number): void {
    for (const [name, lanes] of this.#lanes) {
      const { netns, owner } = lanes;
      const state = this.#namespaces.get(netns);
      const peaks = state === undefined ? [] : peaksOf(netns);
      if (state === undefined || peaks.length === 0) continue;
      const isOwn = (pid: number | undefined) =>
        owner === undefined || (pid !== undefined && state.owners.get(pid) === owner);
      const highs = laneHighs(lanes.lanes, peaks, isOwn);
      if (highs.length === 0) continue;
      for (const { id, high } of highs) state.peaks.get(owner ?? '')?.note(id, atMs, high);
      this.#lanes.set(name, { ...lanes, highs });
    }
  }

  /** Counts a connection event. */
  event(namespace: WatchedNetns, event: ConnectionEvent): void {
    this.#namespaces.get(namespace.netns)?.rows.event(namespace, event);
  }

  /** The rows of a tick, in the order of its namespaces. */
  take(tick: Tick): SampledRow[] {
    const present = new Set<number>();
    this.#lanes = new Map();
    const rows: SampledRow[] = [];
    for (const netnsTick of tick.namespaces) {
      const { namespace } = netnsTick;
      const { netns } = namespace;
      present.add(netns);
      const known = this.#namespaces.get(netns);
      const isKnown = known !== undefined && isSameNetns(known.namespace, namespace);
      const state = isKnown ? Object.assign(known, { namespace }) : newState(namespace, tick.atMs);
      this.#namespaces.set(netns, state);
      rows.push(...this.#rowsOf(state, netnsTick, tick));
    }
    for (const netns of this.#namespaces.keys()) if (!present.has(netns)) this.#namespaces.delete(netns);
    return rows;
  }

  #rowsOf(state: NetnsState, tick: NetnsTick, whole: Tick): SampledRow[] {
    const { namespace, snapshot, processes } = tick;
    if (snapshot !== undefined) state.details = detailsOf(namespace, snapshot, whole.names);
    if (processes !== undefined) {
      state.commands = new Map(processes.map(({ pid, name }) => [pid, name]));
      state.owners = new Map(processes.map(({ pid, container }) => [pid, container ?? OUTSIDE]));
    }
    const identities = new Map(identitiesOf(namespace).map((identity) => [identity.id, identity]));
    return state.rows.rows(tick, whole, undefined).map((row) => {
      const owner = identities.get(row.id)?.owner;
      const details = state.details.owners.get(owner ?? '') ?? state.details.none;
      if (details !== undefined) this.#lanes.set(row.name, lanesOfRow(state, owner, details, tick, whole.atMs));
      const container = containerOf(namespace, row.id);
      return {
        ...identityFields(row, namespace, container),
        ...this.#image(container),
        ...numbers(row, details, state, whole.atMs),
      };
    });
  }

  #image(container: WatchedContainer | undefined): Pick<SampledRow, 'image'> {
    const image = container && (this.#declared.get(container.id) ?? container.declared)?.image;
    return image === undefined ? {} : { image };
  }
}

const NOTHING: NetnsDetails = { owners: new Map(), none: undefined, addresses: new Set() };

/** What is known of one namespace from tick to tick. */
interface NetnsState {
  namespace: WatchedNetns;
  rows: NetnsRows;
  details: NetnsDetails;
  /** Names of processes by PID. */
  commands: ReadonlyMap<number, string>;
  /** Their containers by PID; `OUTSIDE` for none. */
  owners: ReadonlyMap<number, string>;
  /** By `RowIdentity.owner`. */
  peaks: Map<string, LanePeaks>;
  /** The first tick that had it, milliseconds since the epoch. */
  firstMs: number;
}

function newState(namespace: WatchedNetns, atMs: number): NetnsState {
  const maps = { commands: new Map(), owners: new Map(), peaks: new Map() };
  return { namespace, rows: new NetnsRows(0), details: NOTHING, firstMs: atMs, ...maps };
}

/** The connections of a row by peer, the busiest first, with the highest count of the last minute. */
export interface RowLanes {
  lanes: readonly LaneCount[];
  peaks: ReadonlyMap<string, number>;
  /** How high pools were since the tick before that have less now; absent for none. */
  highs?: readonly LaneHigh[];
  /** Inode of the network namespace. */
  netns: number;
  /** Whose row it is in a shared one, see `RowIdentity.owner`. */
  owner: string | undefined;
  /** Undefined where events are not received. */
  ends: ConnectionEnds | undefined;
  /** Undefined where the last snapshot left them out. */
  timeWait: readonly TimeWaitPeer[] | undefined;
  /** See `NetnsDetails.addresses`. */
  addresses: ReadonlySet<string>;
}

function lanesOfRow(
  state: NetnsState,
  owner: string | undefined,
  { lanes, timeWait }: OwnerDetails,
  { namespace: { netns }, events }: NetnsTick,
  atMs: number,
): RowLanes {
  const key = owner ?? '';
  const peaks = state.peaks.get(key) ?? new LanePeaks();
  state.peaks.set(key, peaks);
  const ends = events !== undefined ? state.rows.endsOf(key) : undefined;
  return { lanes, peaks: peaks.take(lanes, atMs), netns, owner, addresses: state.details.addresses, ends, timeWait };
}

function containerOf(namespace: WatchedNetns, id: string): WatchedContainer | undefined {
  return namespace.containers.find((container) => container.id === id);
}

function identityFields(row: TopRow, namespace: WatchedNetns, container: WatchedContainer | undefined) {
  const service = container && serviceOf(container);
  const pod = container && podOf(container);
  const ecs = container && ecsTaskOf(container);
  const network = networkOf(namespace, container);
  const project = service?.group === '' ? undefined : (service?.group ?? pod?.namespace);
  const others = isShared(namespace)
    ? [...namespace.containers.map(({ name }) => name), ...(namespace.host ? ['host'] : [])]
    : [];
  const sharedWith = others.filter((name) => name !== row.name);
  return {
    id: row.id,
    name: row.name,
    runtime: row.runtime,
    ...(project !== undefined && { project }),
    ...(service !== undefined && { service: service.short }),
    ...(pod !== undefined && { pod }),
    ...(ecs !== undefined && { ecs }),
    ...(network !== undefined && { network }),
    ...(sharedWith.length > 0 && soleContainer(namespace) === undefined && { sharedWith }),
  };
}

/** Sockets that were not read for so long are not those of now, milliseconds: three times as long as where nothing moves. */
const OLD_MS = 60_000;

/** Whether its sockets are read, by when they were read last. */
function readingOf(
  snapshotAtMs: number | undefined,
  firstMs: number,
  atMs: number,
): Pick<SampledRow, 'status' | 'note'> {
  if (atMs - (snapshotAtMs ?? firstMs) <= OLD_MS) return { status: 'running' };
  const note =
    snapshotAtMs === undefined
      ? 'its sockets could not be read'
      : `not read for ${Math.round((atMs - snapshotAtMs) / 1000)} s`;
  return { status: 'not-read', note };
}

function numbers(row: TopRow, details: OwnerDetails | undefined, { commands, firstMs }: NetnsState, atMs: number) {
  const isRead = row.snapshotAtMs !== undefined;
  return {
    ...readingOf(row.snapshotAtMs, firstMs, atMs),
    ...(isRead && { sockets: socketNumbers(row) }),
    ...(row.descriptors !== undefined && { descriptors: fullestProcess(row.descriptors, commands) }),
    ...(row.opensPerSecond !== undefined && { openedPerSecond: row.opensPerSecond }),
    ...(row.failuresPerSecond !== undefined && { failedPerSecond: row.failuresPerSecond }),
    ...(row.closesPerSecond !== undefined && { closedPerSecond: row.closesPerSecond }),
    ...(details?.busiestPeer !== undefined && { busiestPeer: details.busiestPeer }),
    ...(isRead && { ports: details?.ports ?? [] }),
    ...(row.snapshotAtMs !== undefined && { snapshotAtMs: row.snapshotAtMs }),
  };
}

/** Counts with TIME_WAIT apart, which no descriptor refers to. */
export function socketNumbers({
  total,
  udp,
  raw,
  byState,
}: Pick<TopRow, 'total' | 'udp' | 'raw' | 'byState'>): SocketNumbers {
  const { TIME_WAIT: timeWait = 0, ...others } = byState;
  return { open: total - timeWait, timeWait, byState: others, udp, raw };
}

function fullestProcess(
  { pid, used, softLimit }: NonNullable<TopRow['descriptors']>,
  commands: ReadonlyMap<number, string>,
): FullestProcess {
  const command = commands.get(pid);
  return { pid, used, limit: softLimit, ...(command !== undefined && { command }) };
}

/** Adds numbers of problems, and sums rows up. */
export function withProblems(rows: readonly SampledRow[], of: (name: string) => ProblemNumbers): ContainerRow[] {
  return rows.map((row) => ({ ...row, problems: of(row.name) }));
}

/** The sums of all rows. */
export function sumOfRows(rows: readonly SampledRow[]): {
  sockets: SocketNumbers;
  openedPerSecond?: number;
  failedPerSecond?: number;
  closedPerSecond?: number;
} {
  const byState: Record<string, number> = {};
  const sockets = { open: 0, timeWait: 0, udp: 0, raw: 0 };
  for (const row of rows) {
    if (row.sockets === undefined) continue;
    for (const key of ['open', 'timeWait', 'udp', 'raw'] as const) sockets[key] += row.sockets[key];
    for (const [state, count] of Object.entries(row.sockets.byState)) byState[state] = (byState[state] ?? 0) + count;
  }
  const rate = (key: 'openedPerSecond' | 'failedPerSecond' | 'closedPerSecond') => {
    const known = rows.flatMap((row) => row[key] ?? []);
    return known.length === 0 ? {} : { [key]: known.reduce((sum, value) => sum + value, 0) };
  };
  return {
    sockets: { ...sockets, byState },
    ...rate('openedPerSecond'),
    ...rate('failedPerSecond'),
    ...rate('closedPerSecond'),
  };
}
