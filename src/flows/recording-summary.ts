import { countLook } from '../analyze/look-counts.ts';
import { Roles } from '../analyze/roles.ts';
import { openRecorded } from '../collect/sampling/open-source.ts';
import type { SpaceLook, SpaceTick, Tick, TickWish } from '../collect/sampling/source.ts';
import type { Outcome } from '../model/ended.ts';
import type { GroupKey } from '../model/group.ts';
import type { DescriptorUse } from '../model/overview.ts';
import { everySocket } from '../model/socket-query.ts';
import { fullest } from './watch-target.ts';

/** A count over the time of a recording. */
export interface RecordedCount {
  peak: number;
  last: number;
}

/** What a recording tells of one target, in numbers that can be set beside those of another. */
export interface TargetSummary {
  /** As `socklens ps --from` names it. */
  target: string;
  sockets: RecordedCount;
  /** By state, as netstat spells it. */
  byState: ReadonlyMap<string, RecordedCount>;
  /** Connections that this side made, by where to: `10.0.0.5:3306`, or its name where it is known. */
  byPeer: ReadonlyMap<string, RecordedCount>;
  /** Connections that ended, by how. Empty where ends were not recorded. */
  ended: ReadonlyMap<Outcome, number>;
  /** Of the process that came closest to its own limit, when it did; absent where none was counted. */
  descriptors?: DescriptorUse;
  /** How often the kernel dropped events: {@link ended} is a lower bound then. */
  lost: number;
}

/** What a recording tells in all. */
export interface RecordingSummary {
  from: Date;
  to: Date;
  /** How often it looked. */
  samples: number;
  /** Whether every socket was read at every tick: counts are of TCP alone otherwise. */
  closely: boolean;
  targets: readonly TargetSummary[];
  /** Sentences about what was not seen. */
  notes: readonly string[];
}

/** Nothing has to be looked at: the recording has what it has. */
const NOTHING: TickWish = { looksAt: () => false, query: everySocket, processes: 'no', allCounters: false };

/**
 * Sums a recording up.
 *
 * @throws {Failure} `usage` for what is no recording
 */
export async function summarizeRecording(file: string): Promise<RecordingSummary> {
  const source = await openRecorded({ file, speed: undefined, untilMs: undefined }, undefined, true);
  const targets = new Map<string, TargetSums>();
  const sumsOf = (name: string) => {
    const sums = targets.get(name) ?? new TargetSums(name);
    targets.set(name, sums);
    return sums;
  };
  const wish: TickWish = { ...NOTHING, ended: (space, { outcome }) => sumsOf(space.name).ended(outcome) };
  const notes = new Set<string>();
  const times: number[] = [];
  try {
    for (let tick = await source.next(wish); tick !== undefined; tick = await source.next(wish)) {
      times.push(tick.atMs);
      for (const note of tick.notes) notes.add(note);
      for (const space of tick.spaces) sumsOf(space.space.name).add(space, tick);
    }
  } finally {
    source.close();
  }
  const { closely, startedAtMs } = source.header;
  return {
    ...{ from: new Date(times[0] ?? startedAtMs), to: new Date(times.at(-1) ?? startedAtMs), samples: times.length },
    ...{ closely, targets: [...targets.values()].map((sums) => sums.summary()), notes: [...notes] },
  };
}

/** Sums one target up. */
class TargetSums {
  readonly #target: string;
  readonly #sockets: RecordedCount = { peak: 0, last: 0 };
  readonly #byState = new Map<string, RecordedCount>();
  readonly #byPeer = new Map<string, RecordedCount>();
  readonly #ended = new Map<Outcome, number>();
  #descriptors: DescriptorUse | undefined;
  #lost = 0;

  constructor(target: string) {
    this.#target = target;
  }

  ended(outcome: Outcome): void {
    this.#ended.set(outcome, (this.#ended.get(outcome) ?? 0) + 1);
  }

  add({ look, processes, lost }: SpaceTick, { names }: Tick): void {
    this.#lost += lost;
    const used = fullest(processes ?? []);
    if (used !== undefined && shareOf(used) >= shareOf(this.#descriptors)) this.#descriptors = used;
    if (look === undefined) return;
    const counted = { ...look, names };
    const states = countLook(counted, ['state'], () => true);
    raise(this.#sockets, states.total);
    take(this.#byState, textsOf(states.groups, 'state'));
    take(this.#byPeer, textsOf(countLook(counted, ['peer'], isClient(look)).groups, 'peer'));
  }

  summary(): TargetSummary {
    return {
      ...{ target: this.#target, sockets: this.#sockets, byState: this.#byState, byPeer: this.#byPeer },
      ...{ ended: this.#ended, lost: this.#lost },
      ...(this.#descriptors !== undefined && { descriptors: this.#descriptors }),
    };
  }
}

function isClient({ sockets }: SpaceLook) {
  const roles = new Roles(sockets);
  return (socket: Parameters<Roles['of']>[0]) => roles.of(socket) === 'client' && socket.peerPort !== 0;
}

function textsOf(groups: ReturnType<typeof countLook>['groups'], key: GroupKey): Map<string, number> {
  return new Map(groups.map((group) => [group.names?.[key] ?? String(group.key[key]), group.count]));
}

/** Takes the counts of a look in: what it has not is none now. */
function take(counts: Map<string, RecordedCount>, now: ReadonlyMap<string, number>): void {
  for (const [name, count] of counts) if (!now.has(name)) count.last = 0;
  for (const [name, count] of now) {
    const known = counts.get(name) ?? { peak: 0, last: 0 };
    raise(known, count);
    counts.set(name, known);
  }
}

function raise(count: RecordedCount, now: number): void {
  count.peak = Math.max(count.peak, now);
  count.last = now;
}

function shareOf(use: DescriptorUse | undefined): number {
  return use === undefined || use.softLimit === null ? 0 : use.used / use.softLimit;
}
