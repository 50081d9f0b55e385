import type { StopSignal } from '../../base/stop-signal.ts';
import { containersNamed } from '../../collect/containers/containers-named.ts';
import type { BoundFilter } from '../../filter/bound-filter.ts';
import {
  CLOSED_CONNECTIONS,
  FULL_RECORDING,
  OLD_CLOSED_CONNECTIONS,
  SUMMARY_RECORDING,
} from '../../filter/known-fields.ts';
import type { Filter } from '../../filter/syntax.ts';
import { Failure } from '../../model/failure.ts';
import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import { soleContainer } from '../../model/netns/sharing.ts';
import type { StoredNetnsTick, StoredSnapshot, StoredTick } from '../../model/sample/recorded.ts';
import type { EventSource } from '../../model/socket/connection-event.ts';
import type { PacketEventKind } from '../../model/socket/packet-event.ts';
import { isOtherProto } from '../../model/socket/socket-query.ts';
import type { StoredSockets } from '../../model/socket/stored-sockets.ts';
import type { StackAnswer, WantedProcess } from '../../model/stack/stack-facts.ts';
import type {
  FilterKnowledge,
  NetnsTick,
  SampleSource,
  SocketSnapshot,
  SourceDetails,
  Tick,
  TickRequest,
} from '../sample-source.ts';
import { type OpenRecording, openRecording } from './open-recording.ts';
import { recordedDetails, recordedStacks } from './recorded-details.ts';
import { bindRecorded } from './recorded-filter.ts';
import { socketSnapshotOf } from './recorded-socket-snapshot.ts';
import { isTargetOf, recordedScope } from './recorded-targets.ts';
import { type RecordedStep, recordedSteps } from './recorded-ticks.ts';
import { contentsOf, type RecordingContents } from './recording-contents.ts';
import type { RecordingInput } from './recording-input.ts';
import { ReplayPace } from './replay-pace.ts';

/** Which part of a recording is read, and how fast. */
export interface RecordedOptions {
  /** Only targets of these names; undefined for all. */
  targets: readonly string[] | undefined;
  /** Whether a container as target means its whole network namespace, as far as it was recorded. */
  wholeNetns?: boolean | undefined;
  /** Speed as a multiple of real time; undefined for as fast as it can be read. */
  speed: number | undefined;
  /** From this time on, milliseconds since the epoch; undefined from the beginning. */
  sinceMs: number | undefined;
  /** Up to this time, milliseconds since the epoch; undefined for the end. */
  untilMs: number | undefined;
  /** Whether addresses, ports and users get names. */
  names: boolean;
  /** Whether a namespace with one container has its name, as `ps` lists it, whatever it was recorded as. */
  namesByContainer?: boolean;
}

/** Samples of a recording. */
export class RecordedSource implements SampleSource {
  readonly intervalMs: number;
  readonly startedAtMs: number;
  readonly eventSource: EventSource | undefined;
  /** Recordings have no packet events. */
  readonly packetKinds: readonly PacketEventKind[] = [];
  readonly whyMissing = undefined;
  readonly knowledge: FilterKnowledge;
  readonly #input: RecordingInput;
  readonly #recording: OpenRecording;
  readonly #steps: ReturnType<typeof recordedSteps>;
  readonly #options: RecordedOptions;
  readonly #pace: ReplayPace;
  readonly #prepared = new Set<number>();
  /** Time up to which connection events were handed over, milliseconds since the epoch. */
  #eventsReadMs: number;
  #contents: RecordingContents | undefined;
  /** Whether there is a tick, of whatever time. */
  #hasTicks = false;
  #last: Tick | undefined;
  /** The last snapshot of each namespace of {@link #last}. */
  #snapshots = new Map<number, SocketSnapshot>();
  #isRepeatDue = false;
  /** The last snapshots before `sinceMs`, by the namespace's inode. */
  readonly #earlier = new Map<number, StoredSnapshot<StoredSockets>>();

  private constructor(input: RecordingInput, recording: OpenRecording, options: RecordedOptions) {
    this.#input = input;
    this.#recording = recording;
    this.#steps = recordedSteps(recording);
    this.#options = options;
    const { intervalMs, startedAtMs, closely, events, eventSource, fullEvents } = recording.reader.header;
    this.eventSource = events ? (eventSource ?? 'sock_diag') : undefined;
    this.intervalMs = intervalMs;
    this.#pace = new ReplayPace(options.speed, intervalMs);
    this.startedAtMs = Math.max(startedAtMs, options.sinceMs ?? 0);
    this.#eventsReadMs = this.startedAtMs;
    this.knowledge = {
      snapshots: closely ? FULL_RECORDING : SUMMARY_RECORDING,
      closed: fullEvents ? CLOSED_CONNECTIONS : OLD_CLOSED_CONNECTIONS,
    };
  }

  /** Opens a recording. @throws {Failure} `usage` for a file that is not a recording */
  static async open(input: RecordingInput, options: RecordedOptions): Promise<RecordedSource> {
    return new RecordedSource(input, await openRecording(input), options);
  }

  /** The first line of the recording. */
  get header() {
    return this.#recording.reader.header;
  }

  /** Every container that occurs in the recording. */
  async containers(): Promise<WatchedContainer[]> {
    return [...(await this.#allContents()).containers.values()];
  }

  /** @throws {Failure} `usage` where there is nothing of the wanted time */
  async next(request: TickRequest, stop?: StopSignal): Promise<Tick | undefined> {
    const { sinceMs = 0, untilMs = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#isRepeatDue && this.#last !== undefined) {
      this.#isRepeatDue = false;
      return { ...this.#last, namespaces: this.#last.namespaces.map((netns) => this.#withSnapshot(netns, request)) };
    }
    while (!stop?.aborted) {
      const { value: step } = await this.#steps.next();
      if (step === undefined) return this.#end();
      const { tick, cut } = step;
      this.#hasTicks ||= tick !== undefined;
      const isOver = tick === undefined || tick.atMs > untilMs;
      if (!isOver && tick.atMs >= sinceMs) await this.#pace.due(tick.atMs, stop);
      await this.#handOver(step, request);
      if (isOver) return this.#end();
      if (tick.atMs < sinceMs) {
        for (const { namespace, snapshot } of tick.namespaces)
          if (snapshot !== undefined) this.#earlier.set(namespace.netns, snapshot);
        continue;
      }
      this.#last = this.#live(tick, cut, request);
      return this.#last;
    }
    return undefined;
  }

  /** @throws {Failure} `usage` where nothing was recorded of the wanted time: it is no answer that nothing is wrong there */
  #end(): undefined {
    if (this.#last !== undefined) return undefined;
    const { sinceMs } = this.#options;
    const startedAt = new Date(this.#recording.reader.header.startedAtMs).toISOString();
    const why = this.#recording.cut();
    const what = this.#hasTicks
      ? `nothing is recorded ${sinceMs === undefined ? 'up to' : 'of'} that time; the recording starts at ${startedAt}`
      : `nothing is recorded in it${why === undefined ? '' : `; ${why}`}`;
    throw new Failure('usage', `${this.#input.name}: ${what}`);
  }

  tickNow(): void {
    this.#isRepeatDue = true;
  }

  async bind(namespace: WatchedNetns | undefined, filter: Filter): Promise<BoundFilter | undefined> {
    if (filter.tree === undefined) return undefined;
    const devices = namespace === undefined ? undefined : this.devices(namespace);
    return bindRecorded(filter, filter.tree, await this.#allContents(), devices);
  }

  isNamed(container: string, wanted: string): boolean {
    const containers = [...(this.#contents?.containers.values() ?? [])];
    return containersNamed(containers, wanted).some(({ name }) => name === container);
  }

  sysctls({ netns }: WatchedNetns): Readonly<Record<string, string>> {
    return this.#recording.reader.details.sysctls[netns] ?? {};
  }

  devices({ netns }: WatchedNetns): ReadonlyMap<number, string> {
    const recorded = Object.entries(this.#recording.reader.details.devices?.[netns] ?? {});
    return new Map(recorded.map(([index, name]) => [Number(index), name]));
  }

  async details(): Promise<SourceDetails> {
    return recordedDetails(this.#recording.reader.details);
  }

  stacks(processes: readonly WantedProcess[]): StackAnswer {
    return { stacks: recordedStacks(this.#recording.reader.stacks, processes), leftOut: 0 };
  }

  close(): void {
    this.#recording.close();
  }

  #live(tick: StoredTick<StoredSockets>, cut: string | undefined, request: TickRequest): Tick {
    const { reader } = this.#recording;
    const before = this.#snapshots;
    this.#snapshots = new Map();
    return {
      atMs: tick.atMs,
      containers: tick.containers,
      notes: cut === undefined ? tick.notes : [...tick.notes, cut],
      namespaces: tick.namespaces
        .filter((namespace) => this.#isWanted(namespace.namespace))
        .map((namespace) => this.#namespace(namespace, before, request)),
      names: this.#options.names ? reader.names : { host: nothing, service: nothing, user: nothing },
      ...(tick.host !== undefined && { host: tick.host }),
      ...(tick.budget !== undefined && { budget: tick.budget }),
    };
  }

  #namespace(
    { snapshot: fresh, ...namespace }: StoredNetnsTick<StoredSockets>,
    before: ReadonlyMap<number, SocketSnapshot>,
    request: TickRequest,
  ): NetnsTick {
    const { netns } = namespace.namespace;
    const stored = fresh ?? this.#earlier.get(netns);
    this.#earlier.delete(netns);
    const snapshot = stored && asked(socketSnapshotOf(stored), namespace, request);
    const last = snapshot ?? before.get(netns);
    if (last !== undefined) this.#snapshots.set(netns, last);
    return {
      ...namespace,
      namespace: this.#scoped(namespace.namespace),
      ...(snapshot !== undefined && { snapshot }),
      ...(last !== undefined && { snapshotAtMs: last.takenAtMs }),
    };
  }

  #withSnapshot(namespace: NetnsTick, request: TickRequest): NetnsTick {
    const snapshot = this.#snapshots.get(namespace.namespace.netns);
    return snapshot === undefined ? namespace : { ...namespace, snapshot: asked(snapshot, namespace, request) };
  }

  /** A namespace of which the targets may mean only some containers. */
  #scoped(recorded: WatchedNetns): WatchedNetns {
    const { targets, wholeNetns, namesByContainer } = this.#options;
    const only = namesByContainer ? soleContainer(recorded) : undefined;
    const namespace = only === undefined ? recorded : { ...recorded, name: only.name };
    if (targets === undefined || wholeNetns) return namespace;
    const scope = recordedScope(namespace, targets);
    return scope === undefined ? namespace : { ...namespace, scope };
  }

  #isWanted(namespace: WatchedNetns): boolean {
    const { targets } = this.#options;
    return targets === undefined || targets.some((target) => isTargetOf(namespace, target));
  }

  /** Hands over the events before a tick, and losses of events. */
  async #handOver({ tick, events }: RecordedStep, request: TickRequest): Promise<void> {
    const { sinceMs = 0, untilMs = Number.POSITIVE_INFINITY } = this.#options;
    let readMs = Math.max(this.#eventsReadMs, Math.min(tick?.atMs ?? 0, untilMs));
    for (const { namespace } of tick?.namespaces ?? []) await this.#prepare(namespace, request);
    for (const event of events) {
      const { atMs } = event;
      const namespace = this.#recording.reader.namespaceOf(event.netns);
      if (atMs < sinceMs || atMs > untilMs || namespace === undefined || !this.#isWanted(namespace)) continue;
      readMs = Math.max(readMs, atMs);
      await this.#prepare(namespace, request);
      event.hasNames = this.#options.names;
      request.events?.[event.kind]?.(this.#scoped(namespace), event);
    }
    if (tick !== undefined && tick.atMs >= sinceMs && tick.atMs <= untilMs) {
      for (const { namespace, lost } of tick.namespaces) {
        if (lost > 0 && this.#isWanted(namespace)) request.lost?.(namespace, this.#eventsReadMs, readMs);
      }
    }
    if (readMs < sinceMs) return;
    this.#eventsReadMs = readMs;
    request.drained?.(readMs);
  }

  async #prepare(namespace: WatchedNetns, { prepare }: TickRequest): Promise<void> {
    if (prepare === undefined || this.#prepared.has(namespace.netns) || !this.#isWanted(namespace)) return;
    this.#prepared.add(namespace.netns);
    await prepare(namespace);
  }

  async #allContents(): Promise<RecordingContents> {
    this.#contents ??= await contentsOf(this.#input);
    return this.#contents;
  }
}

/** A snapshot without the sockets of {@link OTHER_PROTOS} where the request does not ask for them: they are counted nowhere else. */
function asked(snapshot: SocketSnapshot, { namespace }: NetnsTick, request: TickRequest): SocketSnapshot {
  if (request.query(namespace).protos.some(isOtherProto)) return snapshot;
  const { sockets } = snapshot;
  return {
    ...snapshot,
    sockets: {
      each(visit) {
        sockets.each((socket) => {
          if (!isOtherProto(socket.proto)) visit(socket);
        });
      },
    },
  };
}

function nothing(): undefined {
  return undefined;
}
