/** A source that also records its ticks, to compare the output of a live command with that of its recording. */

import type { BoundFilter } from '../../src/filter/bound-filter.ts';
import type { Filter } from '../../src/filter/syntax.ts';
import type { WatchedNetns } from '../../src/model/netns/netns.ts';
import { EVENT_KINDS, type EventKind, type EventSource } from '../../src/model/socket/connection-event.ts';
import { recordedSockets } from '../../src/model/socket/socket-query.ts';
import type { StackAnswer, WantedProcess } from '../../src/model/stack/stack-facts.ts';
import { RecordingMaker } from '../../src/sources/recorder/recorder.ts';
import { RecordingFile } from '../../src/sources/recorder/recording-file.ts';
import type {
  ConnectionEventSink,
  FilterKnowledge,
  SampleSource,
  SourceDetails,
  Tick,
  TickRequest,
} from '../../src/sources/sample-source.ts';

export class TeeSource implements SampleSource {
  readonly intervalMs: number;
  readonly packetKinds = [];
  readonly whyMissing = undefined;
  readonly #inner: SampleSource;
  readonly #file: RecordingFile;
  readonly #target: string;
  #maker: RecordingMaker | undefined;
  #lastMs = 0;

  /** @param path of the new recording */
  constructor(inner: SampleSource, path: string, target: string) {
    this.#inner = inner;
    this.intervalMs = inner.intervalMs;
    this.#file = RecordingFile.create(path);
    this.#target = target;
  }

  /** Every tick has all that `record --full` requests, whatever the command requests. */
  async next({ events, drained, lost, prepare }: TickRequest, stop?: AbortSignal): Promise<Tick | undefined> {
    const tick = await this.#inner.next(
      {
        isForeground: () => true,
        query: recordedSockets,
        processes: 'kinds',
        allCounters: true,
        drained,
        lost,
        prepare,
        events: Object.fromEntries(
          EVENT_KINDS.map((kind): [EventKind, ConnectionEventSink] => [
            kind,
            (namespace, event) => {
              this.#maker?.event(event);
              // Before the first tick there is no recording yet.
              if (this.#maker !== undefined) events?.[kind]?.(namespace, event);
            },
          ]),
        ),
      },
      stop,
    );
    if (tick === undefined) return undefined;
    this.#maker ??= new RecordingMaker(this.#file, {
      startedAtMs: tick.atMs,
      intervalMs: this.intervalMs,
      target: this.#target,
      events: true,
      ...(this.eventSource !== undefined && { eventSource: this.eventSource }),
      closely: true,
      redacted: false,
    });
    this.#lastMs = tick.atMs;
    await this.#maker.add(tick, this.#inner);
    await this.#file.flush();
    return tick;
  }

  /** Writes the end of the recording and closes it. */
  async finish(): Promise<void> {
    this.#maker?.finish(this.#lastMs);
    await this.#file.close();
  }

  get startedAtMs(): number {
    return this.#inner.startedAtMs;
  }
  get eventSource(): EventSource | undefined {
    return this.#inner.eventSource;
  }
  get knowledge(): FilterKnowledge {
    return this.#inner.knowledge;
  }
  isNamed(container: string, wanted: string): boolean {
    return this.#inner.isNamed(container, wanted);
  }
  bind(namespace: WatchedNetns, filter: Filter): Promise<BoundFilter | undefined> {
    return this.#inner.bind(namespace, filter);
  }
  devices(namespace: WatchedNetns): ReadonlyMap<number, string> {
    return this.#inner.devices(namespace);
  }

  sysctls(namespace: WatchedNetns): Readonly<Record<string, string>> {
    return this.#inner.sysctls(namespace);
  }
  details(): Promise<SourceDetails> {
    return this.#inner.details();
  }
  stacks(processes: readonly WantedProcess[]): StackAnswer {
    return this.#inner.stacks(processes);
  }

  close(): void {
    this.#inner.close();
  }
}
