import type { Recorded } from '../collect/sampling/open-source.ts';
import { RecordedSource } from '../collect/sampling/recorded-source.ts';
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
 * @throws {Failure} `usage` for what is no recording, `no-target` for a target that is not in it
 */
export async function recordedState(
  from: Recorded,
  target: string | undefined,
  names: boolean,
): Promise<RecordedState> {
  const targets = target === undefined ? undefined : target.split(',').filter((part) => part !== '');
  const source = await RecordedSource.open(from.file, { targets, speed: undefined, untilMs: from.untilMs, names });
  const looks = new Map<number, SpaceLook>();
  let last: Tick | undefined;
  for (let tick = await source.next(WISH); tick !== undefined; tick = await source.next(WISH)) {
    last = tick;
    for (const { space, look } of tick.spaces) if (look !== undefined) looks.set(space.netns, look);
  }
  if (last === undefined) throw new Failure('usage', `${from.file}: nothing was recorded up to then`);
  if (last.spaces.length === 0 && target !== undefined)
    throw new Failure('no-target', `${target}: not in ${from.file} at that time`);
  const places = last.spaces.map((tick) => ({ tick, look: looks.get(tick.space.netns) }));
  return { source, tick: last, places };
}

/** Which of its targets a verb's words begin with: the first word may be a target of the recording, or the filter's. */
export async function splitRecordedWords(
  from: Recorded,
  words: readonly string[],
): Promise<{ target: string | undefined; filter: string }> {
  const [first, ...rest] = words;
  if (first === undefined) return { target: undefined, filter: '' };
  try {
    const { source } = await recordedState(from, first, false);
    source.close();
    return { target: first, filter: rest.join(' ') };
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'no-target') throw error;
    return { target: undefined, filter: words.join(' ') };
  }
}
