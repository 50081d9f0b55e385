import { Roles } from '../analyze/roles.ts';
import { Tally } from '../analyze/tally.ts';
import { entriesInOtherStates } from '../analyze/time-wait.ts';
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
  const tallies = new Map<string, Tally>();
  const shared = space.containers.length + (space.host ? 1 : 0) > 1;
  const owner = (container: string | undefined) => (shared ? (container ?? '') : '');
  look.sockets.each((socket) => {
    const key = owner(look.containerOf(socket));
    const tally = tallies.get(key) ?? new Tally();
    tallies.set(key, tally);
    tally.add(socket, roles);
  });
  const row = (identity: Pick<OverviewRow, 'name' | 'runtime' | 'sharedWith'> & Partial<OverviewRow>, key: string) => {
    const tally = tallies.get(key) ?? new Tally();
    if (look.withoutStates !== 0 && sockstat !== undefined && !shared)
      addCounted(tally, sockstat, entriesInOtherStates(look.sockets));
    const descriptors = fullest((processes ?? []).filter(({ container }) => !shared || container === identity.name));
    const busiestPeer = named(tally.busiestPeer(), names);
    return {
      ...{ netns: space.netns, ...identity, sockets: tally.counts() },
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

/** Entries in TIME_WAIT, and datagram sockets, that the look left out for the kernel counts them. */
function addCounted(
  tally: Tally,
  sockstat: { udp: number; udp6: number; raw: number; raw6: number; timeWait: number },
  inOtherStates: number,
): void {
  tally.addCounted({
    udp: sockstat.udp + sockstat.udp6,
    raw: sockstat.raw + sockstat.raw6,
    timeWait: Math.max(0, sockstat.timeWait - inOtherStates),
  });
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
