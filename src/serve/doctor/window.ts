import { wasSetBack } from '../../base/clock-set.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { NetnsSample, PoolPeak } from '../../model/sample/sample.ts';
import type { Series } from '../../model/sample/series.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import type { SampleSource, Tick } from '../../sources/sample-source.ts';
import { SeriesBuilder } from '../../sources/series/series-builder.ts';

/** How much of the past rules see, milliseconds: longer than the window of nearly every rule. */
export const WINDOW_MS = 60_000;

/** Descriptors of processes grow slowly: of them rules see more, milliseconds. */
const PROCESSES_MS = 600_000;

/** Samples that are too old are dropped so often at least, milliseconds, and before each judgement. */
const FORGET_MS = 5000;

/** Sockets of all samples of a window that are kept at most. */
const MOST_SOCKETS = 400_000;

/** The samples of the last minute, for rules to judge. */
export class SlidingWindow {
  readonly #source: SampleSource;
  #builder: SeriesBuilder;
  #tickMs = 0;
  /** Between the last two ticks, by network namespace. */
  #peaks: ReadonlyMap<number, readonly PoolPeak[]> = new Map();
  #forgotMs = 0;

  constructor(source: SampleSource) {
    this.#source = source;
    this.#builder = this.#newBuilder();
  }

  event(namespace: WatchedNetns, event: ConnectionEvent): void {
    this.#builder.event(namespace, event);
  }

  /** See `SeriesBuilder.takeRecentPeaks`: those before the last tick. @param netns inode of the network namespace */
  peaksOf(netns: number): readonly PoolPeak[] {
    return this.#peaks.get(netns) ?? [];
  }

  /** @param tick without folded snapshots @returns its samples, in the order of its namespaces */
  add(tick: Tick): NetnsSample[] {
    // Rules compute with times: none of what was before a clock that was set back is before what comes now.
    if (wasSetBack(this.#tickMs, tick.atMs)) this.#builder = this.#newBuilder();
    const peaks = tick.namespaces.map(
      ({ namespace }) => [namespace.netns, this.#builder.takeRecentPeaks(namespace)] as const,
    );
    this.#peaks = new Map(peaks.filter(([, found]) => found.length > 0));
    const samples = this.#builder.add(tick);
    this.#tickMs = tick.atMs;
    // To look for what is old costs as much as to add a tick.
    if (Math.abs(tick.atMs - this.#forgotMs) >= FORGET_MS) this.#forget();
    for (const { namespace } of tick.namespaces)
      if (this.#builder.wantsSysctls(namespace)) this.#builder.setSysctls(namespace, this.#source.sysctls(namespace));
    return samples;
  }

  async series(): Promise<Series> {
    this.#forget();
    return this.#builder.series(await this.#source.details());
  }

  #newBuilder(): SeriesBuilder {
    return new SeriesBuilder(this.#source.eventSource, MOST_SOCKETS);
  }

  #forget(): void {
    this.#forgotMs = this.#tickMs;
    this.#builder.forgetBefore(this.#tickMs - WINDOW_MS, this.#tickMs - PROCESSES_MS);
  }
}
