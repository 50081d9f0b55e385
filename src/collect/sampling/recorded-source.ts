import { bindFilter } from '../../filter/bind.ts';
import { compileForKernel } from '../../filter/compile.ts';
import { needsOf } from '../../filter/needs.ts';
import type { Filter } from '../../filter/syntax.ts';
import type { DeclaredSettings } from '../../model/container.ts';
import { RecordedSockets, RecordView } from '../../model/record-view.ts';
import type { RecordedEnd, RecordedLook, RecordedSpace, RecordedTick } from '../../model/recorded.ts';
import type { SocketView } from '../../model/socket-view.ts';
import type { WatchedSpace } from '../../model/watched.ts';
import { servicePorts } from '../../names/services.ts';
import type { BoundFilter } from '../bind-filter.ts';
import { containersNamed } from '../containers-named.ts';
import { type OpenRecording, openRecording } from '../recording-file.ts';
import { wait } from './pace.ts';
import { endedFromRecording } from './recorded-ended.ts';
import type { SampleSource, SourceDetails, SpaceLook, SpaceTick, Tick, TickWish } from './source.ts';

export interface RecordedOptions {
  /** Only targets of these names; undefined for all. */
  targets: readonly string[] | undefined;
  /** How many times faster than it happened; undefined for as fast as it can be read. */
  speed: number | undefined;
  /** Up to this time alone, milliseconds since the epoch. */
  untilMs: number | undefined;
  names: boolean;
}

/** Samples of a recording. */
export class RecordedSource implements SampleSource {
  readonly intervalMs: number;
  readonly #recording: OpenRecording;
  readonly #options: RecordedOptions;
  readonly #started = Date.now();
  #firstMs: number | undefined;
  #tick: RecordedTick | undefined;
  #cutTold = false;
  readonly #lookedAt = new Map<number, number>();

  private constructor(recording: OpenRecording, options: RecordedOptions) {
    this.#recording = recording;
    this.#options = options;
    this.intervalMs = recording.reader.header.intervalMs;
  }

  /** @throws {Failure} `usage` for what is no recording */
  static async open(path: string, options: RecordedOptions): Promise<RecordedSource> {
    return new RecordedSource(await openRecording(path), options);
  }

  get header() {
    return this.#recording.reader.header;
  }

  async next(wish: TickWish, stop?: AbortSignal): Promise<Tick | undefined> {
    const { reader, lines } = this.#recording;
    for (;;) {
      if (stop?.aborted) return undefined;
      const line = await lines.next();
      if (line.done) return undefined;
      const item = reader.take(line.value);
      if (item.kind === 'ended') this.#tellEnded(item.end, wish);
      if (item.kind !== 'tick') continue;
      if (item.tick.atMs > (this.#options.untilMs ?? Number.POSITIVE_INFINITY)) return undefined;
      this.#tick = item.tick;
      await this.#keepPace(item.tick.atMs, stop);
      return this.#live(item.tick);
    }
  }

  async bind(space: WatchedSpace, filter: Filter): Promise<BoundFilter | undefined> {
    void space;
    if (filter.tree === undefined) return undefined;
    const { reader } = this.#recording;
    const containers = this.#tick?.containers ?? [];
    const tree = bindFilter(filter.text, filter.tree, {
      addresses: (name) => {
        const named = containersNamed(containers, name).flatMap(({ addresses }) => addresses);
        const found = named.length > 0 ? named.map(({ address }) => address) : reader.addressesOf(name);
        return found.length > 0 ? found : undefined;
      },
      ports: servicePorts(''),
      device: () => undefined,
      cgroup: () => undefined,
      uid: () => undefined,
      hasContainer: (name) => containersNamed(containers, name).length > 0,
    });
    return {
      ...{ tree, needs: needsOf(tree), compiled: compileForKernel(tree) },
      ...(filter.families !== undefined && { families: filter.families }),
    };
  }

  sysctls({ netns }: WatchedSpace): Readonly<Record<string, string>> {
    return this.#recording.reader.details.sysctls[netns] ?? {};
  }

  async details(): Promise<SourceDetails> {
    const { declared, runtimeProcesses } = this.#recording.reader.details;
    return {
      declared: new Map(Object.entries(declared).map(([id, settings]) => [id, unlimited(settings)])),
      runtimeProcesses,
    };
  }

  close(): void {
    this.#recording.close();
  }

  #live(tick: RecordedTick): Tick {
    const { reader, isCut } = this.#recording;
    const notes = [...tick.notes];
    if (isCut() && !this.#cutTold) {
      this.#cutTold = true;
      notes.push('the recording is cut off here');
    }
    return {
      ...{ atMs: tick.atMs, containers: tick.containers, notes },
      spaces: tick.spaces.filter(({ space }) => this.#isWanted(space)).map((space) => this.#space(space)),
      names: this.#options.names ? reader.names : { host: nothing, service: nothing, user: nothing },
      ...(tick.host !== undefined && { host: tick.host }),
      ...(tick.budget !== undefined && { budget: tick.budget }),
    };
  }

  #space({ look, ...space }: RecordedSpace): SpaceTick {
    const { netns } = space.space;
    if (look !== undefined) this.#lookedAt.set(netns, look.takenAtMs);
    const lookedAtMs = this.#lookedAt.get(netns);
    return {
      ...space,
      ...(look !== undefined && { look: liveLook(look) }),
      ...(lookedAtMs !== undefined && { lookedAtMs }),
    };
  }

  #isWanted(space: WatchedSpace): boolean {
    const { targets } = this.#options;
    if (targets === undefined) return true;
    return targets.some(
      (target) =>
        target === 'all' ||
        space.name === target ||
        space.targets.includes(target) ||
        containersNamed(space.containers, target.replace(/^(docker|podman):/, '')).length > 0,
    );
  }

  #tellEnded(end: RecordedEnd, { ended }: TickWish): void {
    if (ended === undefined) return;
    const space = this.#tick?.spaces.find((candidate) => candidate.space.netns === end.netns)?.space;
    if (space !== undefined && this.#isWanted(space)) ended(space, endedFromRecording(end));
  }

  /** Waits until it is time for what happened at a moment. */
  async #keepPace(atMs: number, stop: AbortSignal | undefined): Promise<void> {
    this.#firstMs ??= atMs;
    const { speed } = this.#options;
    if (speed === undefined) return;
    const dueMs = this.#started + (atMs - this.#firstMs) / speed;
    const restMs = dueMs - Date.now();
    if (restMs > 1) await wait(restMs, stop);
  }
}

/** A kept look as one that was just taken. */
export function liveLook({ sockets, ...look }: RecordedLook): SpaceLook {
  const recordOf = (socket: SocketView) => (socket instanceof RecordView ? socket.record : undefined);
  return {
    ...look,
    sockets: new RecordedSockets(sockets),
    holderOf: (socket) => recordOf(socket)?.process,
    containerOf: (socket) => recordOf(socket)?.container,
    seenSince: (socket) => recordOf(socket),
  };
}

function nothing(): undefined {
  return undefined;
}

/** JSON has no infinity: an unlimited limit was written as null. */
function unlimited(settings: DeclaredSettings): DeclaredSettings {
  const finite = (value: number | null) => value ?? Number.POSITIVE_INFINITY;
  return {
    ...settings,
    limits: settings.limits.map(({ name, soft, hard }) => ({ name, soft: finite(soft), hard: finite(hard) })),
  };
}
