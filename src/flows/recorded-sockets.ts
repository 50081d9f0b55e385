import type { RowContext } from '../analyze/socket-row.ts';
import type { SpaceLook } from '../collect/sampling/source.ts';
import { countGroups } from '../count/count-groups.ts';
import { isShared, soleContainer } from '../count/sharing.ts';
import type { Filter } from '../filter/syntax.ts';
import { ColumnView } from '../model/column-view.ts';
import type { GroupKey } from '../model/group.ts';
import type { GroupReport, ReportHeader } from '../model/report.ts';
import type { SocketQuery } from '../model/socket-query.ts';
import type { SocketProcess } from '../model/socket-row.ts';
import type { SocketView } from '../model/socket-view.ts';
import type { Target } from '../model/target.ts';
import type { WatchedSpace } from '../model/watched.ts';
import { testsOverTime } from './filter-tests.ts';
import { recordedCoverage } from './recorded-coverage.ts';
import type { RecordedPlace, RecordedState } from './recorded-state.ts';
import type { Sockets } from './sockets.ts';

/** What is asked of recorded sockets. */
export interface RecordedQuery {
  query: SocketQuery;
  filter: Filter;
  processes: boolean;
}

/** The sockets of a recorded moment, a report for each namespace. */
export async function recordedSockets(state: RecordedState, asked: RecordedQuery): Promise<Sockets[]> {
  const reports: Sockets[] = [];
  for (const place of state.places) {
    const { look } = place;
    if (look === undefined) continue;
    const test = await testOf(state, place, look, asked);
    const shared = isShared(place.tick.space);
    const context: RowContext = {
      names: state.tick.names,
      ...(asked.processes && { processesOf: processesOf(look) }),
      ...(shared && { containerOf: (socket: SocketView) => look.containerOf(socket) }),
    };
    reports.push({
      ...header(state, place, look),
      shared,
      context,
      sockets: {
        each: (visit) =>
          look.sockets.each((socket) => {
            if (test(socket)) visit(asked.query.tcpInfo ? socket : plain(socket));
          }),
      },
    });
  }
  return reports;
}

/** The same, counted in groups. */
export async function recordedGroups(
  state: RecordedState,
  asked: RecordedQuery,
  keys: readonly GroupKey[],
): Promise<GroupReport[]> {
  const reports: GroupReport[] = [];
  for (const place of state.places) {
    const { look } = place;
    if (look === undefined) continue;
    const test = await testOf(state, place, look, asked);
    const { groups, total } = countGroups({ ...look, names: state.tick.names }, keys, test);
    reports.push({
      ...header(state, place, look),
      ...{ keys, groups, total: { sockets: total, groups: groups.length } },
    });
  }
  return reports;
}

async function testOf(
  { source }: RecordedState,
  { tick: { space } }: RecordedPlace,
  look: SpaceLook,
  { query, filter }: RecordedQuery,
): Promise<(socket: SocketView) => boolean> {
  const bound = await source.bind(space, filter);
  const test = bound === undefined ? undefined : testsOverTime(bound, source).look(look);
  return (socket) => isAsked(socket, query) && (test === undefined || test(socket));
}

function isAsked({ proto, family, state }: SocketView, query: SocketQuery): boolean {
  if (!query.protos.includes(proto) || (query.states & (1 << state)) === 0) return false;
  return family === 'unix' || (family === 'inet' ? query.inet : query.inet6);
}

function header({ tick: { atMs } }: RecordedState, { tick: { space } }: RecordedPlace, look: SpaceLook): ReportHeader {
  const { source } = look;
  const seen = new Set<SocketView['proto']>();
  look.sockets.each(({ proto }) => {
    seen.add(proto);
  });
  return {
    target: targetOf(space),
    takenAt: new Date(look.takenAtMs),
    ...{ source, sources: Object.fromEntries([...seen].map((proto) => [proto, source])) },
    coverage: recordedCoverage(look, atMs),
  };
}

/** A socket without what the kernel tells of connections, which is recorded whether or not it is asked for. */
class PlainView extends ColumnView {
  override tcpInfo(): undefined {
    return undefined;
  }
  override drops(): undefined {
    return undefined;
  }
}

const plainView = new PlainView();

function plain(socket: SocketView): SocketView {
  return socket instanceof ColumnView ? plainView.moveToThatOf(socket) : socket;
}

/** The namespace as a target: its container where it has one alone. */
export function targetOf(space: WatchedSpace): Target {
  const only = soleContainer(space);
  if (only !== undefined) {
    return { name: only.name, runtime: only.runtime, id: only.id, pid: only.pid, netns: space.netns };
  }
  return { name: space.name, runtime: space.host ? 'host' : 'netns', netns: space.netns };
}

/** Sentences about namespaces whose sockets were not read until then. */
export function unseenPlaces({ places }: RecordedState): string[] {
  return places.flatMap(({ tick, look }) =>
    look === undefined ? [`${tick.space.name}: its sockets were not read up to then`] : [],
  );
}

function processesOf(look: SpaceLook): (inode: number) => SocketProcess[] {
  const holders = new Map<number, SocketProcess[]>();
  look.sockets.each((socket) => {
    const holder = look.holderOf(socket);
    if (holder !== undefined && socket.inode !== 0) holders.set(socket.inode, [{ pid: holder.pid, name: holder.name }]);
  });
  return (inode) => holders.get(inode) ?? [];
}
