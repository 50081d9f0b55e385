import { PeerCounter } from '../count/peer-counter.ts';
import { Roles } from '../count/roles.ts';
import { isShared } from '../count/sharing.ts';
import { mayNameService } from '../model/endpoint.ts';
import type { Names } from '../model/names.ts';
import type { BusiestPeer, Overview, OverviewRow } from '../model/overview.ts';
import type { WatchedContainer, WatchedSpace } from '../model/watched.ts';
import { recordedCoverage } from './recorded-coverage.ts';
import { targetOf, unseenPlaces } from './recorded-sockets.ts';
import type { RecordedPlace, RecordedState } from './recorded-state.ts';
import { fullest } from './watch-target.ts';

/** The rows of `ps` of a recorded moment. */
export function recordedOverview(state: RecordedState, file: string): Overview {
  const { tick, places, notes } = state;
  const unseen = unseenPlaces(state);
  return {
    takenAt: new Date(tick.atMs),
    rows: places.flatMap((place) => rowsOf(place, tick)),
    anyContainer: true,
    lookedFor: [`the recording ${file}`],
    coverage: { complete: unseen.length === 0, notes: [...notes, ...unseen] },
  };
}

function rowsOf(
  { tick: { space, processes, sockstat }, look }: RecordedPlace,
  { atMs, names }: RecordedState['tick'],
): OverviewRow[] {
  if (look === undefined) return [];
  const roles = new Roles(look.sockets);
  const counters = new Map<string, PeerCounter>();
  const shared = isShared(space);
  const owner = (container: string | undefined) => (shared ? (container ?? '') : '');
  look.sockets.each((socket) => {
    const key = owner(look.containerOf(socket));
    const counter = counters.get(key) ?? new PeerCounter(roles);
    counters.set(key, counter);
    counter.add(socket);
  });
  const row = (identity: Pick<OverviewRow, 'name' | 'runtime' | 'sharedWith'> & Partial<OverviewRow>, key: string) => {
    const counter = counters.get(key) ?? new PeerCounter(roles);
    const isBrief = look.withoutStates !== 0 && !shared;
    const sockets = counter.totals().counts(sockstat, { timeWait: isBrief, datagrams: isBrief });
    const descriptors = fullest((processes ?? []).filter(({ container }) => !shared || container === identity.name));
    const busiestPeer = named(counter.busiest(), names);
    return {
      ...{ netns: space.netns, ...identity, sockets },
      ...(descriptors !== undefined && { descriptors }),
      ...(busiestPeer !== undefined && { busiestPeer }),
      ...{ source: look.source, coverage: recordedCoverage(look, atMs) },
    };
  };
  if (!shared) return [row({ ...targetOf(space), sharedWith: [] }, '')];
  const rows = space.containers.map((container) =>
    row({ ...identityOf(container), sharedWith: others(space, container) }, container.name),
  );
  const nobody = row({ name: 'unowned', runtime: 'unowned', sharedWith: space.containers.map(({ name }) => name) }, '');
  return nobody.sockets.total > 0 ? [...rows, nobody] : rows;
}

function identityOf({ name, runtime, id, pid }: WatchedContainer) {
  return { name, runtime, id, pid };
}

function others({ containers, host }: WatchedSpace, self: WatchedContainer): string[] {
  const names = containers.filter(({ id }) => id !== self.id).map(({ name }) => name);
  return host ? [...names, 'host'] : names;
}

function named(peer: BusiestPeer | undefined, names: Names): BusiestPeer | undefined {
  if (peer === undefined) return undefined;
  const name = names.host(peer.address);
  const service = mayNameService(peer.port) ? names.service(peer.port, 'tcp') : undefined;
  return { ...peer, ...(name !== undefined && { name }), ...(service !== undefined && { service }) };
}
