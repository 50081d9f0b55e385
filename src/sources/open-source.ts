import type { Machine } from '../collect/machine.ts';
import { Failure } from '../model/failure.ts';
import type { SamplerOptions } from './live/sampler-options.ts';
import { SteadySampler } from './live/steady-sampler.ts';
import { fileInput } from './recorded/file-input.ts';
import { RecordedSource } from './recorded/recorded-source.ts';
import { targetsIn } from './recorded/recorded-targets.ts';
import type { SampleSource } from './sample-source.ts';
import { ScopedSource } from './scope/scoped-source.ts';

/** Where samples come from, and what they contain. */
export interface SourceOptions {
  /** A TARGET as typed; undefined for all that is recorded. */
  target: string | undefined;
  /** Whether a container as TARGET means its whole network namespace, `--netns`. */
  wholeNetns?: boolean | undefined;
  /** Between two ticks, milliseconds. Ignored for a recording. */
  intervalMs: number;
  /** Duration, milliseconds; undefined for until it is stopped. */
  forMs: number | undefined;
  /** Whether connection events are received, see `SamplerOptions`. */
  events: SamplerOptions['events'];
  /** Whether only events are wanted, see `SamplerOptions`. */
  eventsOnly?: boolean | undefined;
  /** Kinds of packet events that are received, see `SamplerOptions`. */
  packets?: SamplerOptions['packets'];
  /** Whether half-closes are reported, see `SamplerOptions`. */
  halfCloses?: SamplerOptions['halfCloses'];
  /** Plain numbers, no names. */
  numeric: boolean;
  /** Receive buffer for events of a namespace, bytes; undefined for the default. */
  eventBufferBytes?: number | undefined;
  /** Without a TARGET: what `ps` lists; with `all` namespaces without a container too. */
  overview?: { all: boolean } | undefined;
  /** Whether ticks have samples of the host. */
  host?: boolean;
  /** CPU budget for everything, see `SamplerOptions`. */
  wholeShare?: number | undefined;
  /** As in `SamplerOptions`. */
  backgroundShare?: SamplerOptions['backgroundShare'];
  quietMs?: SamplerOptions['quietMs'];
  leastAgeMs?: SamplerOptions['leastAgeMs'];
  chargesEverything?: SamplerOptions['chargesEverything'];
  /** A recording to take them from; undefined for this machine. */
  from?: Recorded | undefined;
  /** Wraps the opened source in another one, which sees every tick first. */
  through?: ((source: SampleSource) => SampleSource) | undefined;
}

/** Which part of a recording is read, and how fast. */
export interface Recorded {
  file: string;
  /** From this time on, milliseconds since the epoch; undefined from the beginning. */
  sinceMs?: number | undefined;
  /** Up to this time, milliseconds since the epoch; undefined for the end. */
  untilMs: number | undefined;
  /** Speed as a multiple of real time; undefined for as fast as it can be read. */
  speed: number | undefined;
}

/**
 * Opens the source that options name.
 *
 * @throws {Failure} `no-target` for a TARGET that does not exist, `usage` for a file that is not a recording
 */
export async function openSource(machine: Machine, options: SourceOptions): Promise<SampleSource> {
  const source = new ScopedSource(await openInner(machine, options));
  return options.through?.(source) ?? source;
}

async function openInner(machine: Machine, options: SourceOptions): Promise<SampleSource> {
  const { target, overview, intervalMs, forMs, events, numeric, eventBufferBytes, host, wholeShare, from } = options;
  const { eventsOnly, wholeNetns, packets, halfCloses, backgroundShare, quietMs, leastAgeMs, chargesEverything } =
    options;
  if (from !== undefined) {
    const recorded = await openRecorded(from, target, !numeric, wholeNetns);
    if (!eventsOnly || recorded.header.events) return recorded;
    recorded.close();
    throw new Failure('usage', `${from.file}: recorded with --no-events: it has no events`);
  }
  const sampling = {
    intervalMs,
    forMs,
    events,
    eventsOnly,
    packets,
    halfCloses,
    eventBufferBytes,
    wholeNetns,
    names: !numeric,
    host: host ?? false,
    wholeShare,
    backgroundShare,
    quietMs,
    leastAgeMs,
    chargesEverything,
  };
  if (target !== undefined) return SteadySampler.start(machine, target, sampling);
  if (overview !== undefined) return SteadySampler.startOverview(machine, overview.all, sampling);
  throw new Failure('usage', 'a TARGET is missing');
}

/**
 * Opens a recording.
 *
 * @param target as typed; undefined for all that is recorded
 * @param names whether addresses, ports and users get names
 * @param wholeNetns whether a container means its whole network namespace
 * @throws {Failure} `usage` for a file that is not a recording
 */
export async function openRecorded(
  { file, speed, sinceMs, untilMs }: Recorded,
  target: string | undefined,
  names: boolean,
  wholeNetns = false,
): Promise<RecordedSource> {
  const targets = target === undefined ? undefined : targetsIn(target);
  return RecordedSource.open(fileInput(file), { targets, wholeNetns, speed, sinceMs, untilMs, names });
}
