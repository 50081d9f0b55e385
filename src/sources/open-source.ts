import type { Machine } from '../collect/machine.ts';
import { Failure } from '../model/failure.ts';
import { Sampler } from './live/sampler.ts';
import { RecordedSource } from './recorded/recorded-source.ts';
import { targetsIn } from './recorded/recorded-targets.ts';
import type { SampleSource } from './sample-source.ts';

/** Where samples are wanted from, and how. */
export interface SourceOptions {
  /** A TARGET as typed; undefined for all that is recorded. */
  target: string | undefined;
  intervalMs: number;
  /** How long, in milliseconds; undefined until it is stopped. */
  forMs: number | undefined;
  /** Whether connection events are received. */
  events: boolean;
  /** Whether they are all that is wanted, see `SamplerOptions`. */
  eventsOnly?: boolean | undefined;
  /** Whether the kernel counts what nobody looks at, see `SamplerOptions`. */
  kernelCounts?: boolean;
  /** Plain numbers, no names. */
  numeric: boolean;
  /** Bytes of the kernel's buffer for events of a namespace; undefined for the usual. */
  eventBufferBytes?: number | undefined;
  /** Without a TARGET: what `ps` lists, with `all` what has no container too. */
  overview?: { all: boolean } | undefined;
  /** Whether the host's own numbers are wanted. */
  host?: boolean;
  /** Share of one core for all of it, see `SamplerOptions`. */
  wholeShare?: number | undefined;
  /** A recording to take them from; undefined for this machine. */
  from?: Recorded | undefined;
  /** Puts another source in front of the one that is opened, which sees every tick first. */
  through?: ((source: SampleSource) => SampleSource) | undefined;
}

/** Which part of a recording is wanted, and how fast. */
export interface Recorded {
  file: string;
  /** From this time on, milliseconds since the epoch; undefined from the beginning. */
  sinceMs?: number | undefined;
  /** Up to this time alone, milliseconds since the epoch; undefined for all of it. */
  untilMs: number | undefined;
  /** How many times faster than it happened; undefined for as fast as it can be read. */
  speed: number | undefined;
}

/**
 * Opens the source that options name.
 *
 * @throws {Failure}
 */
export async function openSource(machine: Machine, options: SourceOptions): Promise<SampleSource> {
  const source = await openInner(machine, options);
  return options.through?.(source) ?? source;
}

async function openInner(machine: Machine, options: SourceOptions): Promise<SampleSource> {
  const { target, overview, intervalMs, forMs, events, numeric, eventBufferBytes, host, wholeShare, from } = options;
  const { kernelCounts = false, eventsOnly } = options;
  if (from !== undefined) {
    const recorded = await openRecorded(from, target, !numeric);
    if (!eventsOnly || recorded.header.events) return recorded;
    recorded.close();
    throw new Failure('usage', `${from.file}: it was recorded with --no-events, and has none`);
  }
  const sampling = {
    intervalMs,
    forMs,
    events,
    eventsOnly,
    eventBufferBytes,
    names: !numeric,
    host: host ?? false,
    wholeShare,
    kernelCounts,
  };
  if (target !== undefined) return Sampler.start(machine, target, sampling);
  if (overview !== undefined) return Sampler.startOverview(machine, overview.all, sampling);
  throw new Failure('usage', 'a TARGET is missing');
}

/**
 * Opens a recording.
 *
 * @param target as typed; undefined for all that is recorded
 * @param names whether names are told
 * @throws {Failure} `usage` for what is no recording
 */
export async function openRecorded(
  { file, speed, sinceMs, untilMs }: Recorded,
  target: string | undefined,
  names: boolean,
): Promise<RecordedSource> {
  const targets = target === undefined ? undefined : targetsIn(target);
  return RecordedSource.open(file, { targets, speed, sinceMs, untilMs, names });
}
