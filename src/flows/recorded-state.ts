import { openRecorded, type Recorded } from '../collect/sampling/open-source.ts';
import type { RecordedSource } from '../collect/sampling/recorded-source.ts';
import type { SpaceLook, SpaceTick, Tick, TickWish } from '../collect/sampling/source.ts';
import { Failure } from '../model/failure.ts';
import { everySocket } from '../model/socket-query.ts';

/** A namespace as a recording has it at one moment. */
export interface RecordedPlace {
  tick: SpaceTick;
  /** The last look at it until then; undefined when there was none. */
  look: SpaceLook | undefined;
}

/** What a recording tells of one moment. */
export interface RecordedState {
  source: RecordedSource;
  tick: Tick;
  places: readonly RecordedPlace[];
  /** Sentences about the recording: when the moment is, and where it ends too soon. */
  notes: readonly string[];
}

/** Nothing has to be looked at: the recording has what it has. */
const WISH: TickWish = {
  looksAt: () => false,
  query: everySocket,
  ...{ processes: 'no', allCounters: false },
};

/**
 * Reads a recording up to a moment.
 *
 * @param target only these, as typed; undefined for all that was recorded
 * @throws {Failure} `usage` for what is no recording, `no-target` for a target that is not in it then
 */
export async function recordedState(
  from: Recorded,
  target: string | undefined,
  names: boolean,
): Promise<RecordedState> {
  const source = await openRecorded({ ...from, speed: undefined, sinceMs: undefined }, target, names);
  const looks = new Map<number, SpaceLook>();
  let last: Tick | undefined;
  for (let tick = await source.next(WISH); tick !== undefined; tick = await source.next(WISH)) {
    const present = new Set(tick.spaces.map(({ space }) => space.netns));
    for (const netns of looks.keys()) if (!present.has(netns)) looks.delete(netns);
    for (const { space, look } of tick.spaces) if (look !== undefined) looks.set(space.netns, look);
    last = tick;
  }
  const { file, untilMs } = from;
  if (last === undefined) {
    const began = new Date(source.header.startedAtMs).toISOString();
    throw new Failure('usage', `${file}: nothing was recorded up to then; it began at ${began}`);
  }
  if (last.spaces.length === 0 && target !== undefined)
    throw new Failure('no-target', `${target}: it was not there at ${new Date(last.atMs).toISOString()}, says ${file}`);
  const places = last.spaces.map((tick) => ({ tick, look: looks.get(tick.space.netns) }));
  const endsEarly = untilMs !== undefined && untilMs > last.atMs + 2 * source.intervalMs;
  const when = `as recorded at ${new Date(last.atMs).toISOString()}`;
  return { source, tick: last, places, notes: [endsEarly ? `${when}, where it ends` : when, ...last.notes] };
}
