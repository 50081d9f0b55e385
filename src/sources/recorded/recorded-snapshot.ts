import { Failure } from '../../model/failure.ts';
import type { Names } from '../../model/names.ts';
import { recordedSockets } from '../../model/socket/socket-query.ts';
import type { SocketSnapshot, Tick, TickRequest } from '../sample-source.ts';
import { scopedNetns } from '../scope/scoped-netns.ts';
import type { NetnsSnapshot, Snapshot, SnapshotInventory } from '../snapshot.ts';
import { RecordedNetns } from './recorded-netns.ts';
import { RecordedSource } from './recorded-source.ts';
import { recordedTargets } from './recorded-target.ts';
import { targetsIn } from './recorded-targets.ts';
import type { RecordingInput } from './recording-input.ts';

/** A recording has what was recorded, whatever the request. */
const REQUEST: TickRequest = {
  isForeground: () => false,
  query: recordedSockets,
  processes: 'no',
  allCounters: false,
};

/** A snapshot of one moment of a recording. */
export class RecordedSnapshot implements Snapshot {
  readonly namespaces: readonly NetnsSnapshot[];
  readonly takenAt: Date;
  readonly notes: readonly string[];
  readonly showsAll = true;
  readonly #source: RecordedSource;
  readonly #tick: Tick;
  readonly #name: string;

  private constructor(
    source: RecordedSource,
    tick: Tick,
    snapshots: ReadonlyMap<number, SocketSnapshot>,
    name: string,
    untilMs: number | undefined,
    target: string | undefined,
    wholeNetns: boolean,
  ) {
    this.#source = source;
    this.#tick = tick;
    this.#name = name;
    this.takenAt = new Date(tick.atMs);
    this.namespaces = recordedTargets(target, tick.namespaces, wholeNetns).map((found) => {
      const last = snapshots.get(found.tick.namespace.netns);
      return scopedNetns(new RecordedNetns(source, tick, found.tick, last, found.target), found.scope);
    });
    const when = `as recorded at ${this.takenAt.toISOString()}`;
    const endsEarly = untilMs !== undefined && untilMs > tick.atMs + 2 * source.intervalMs;
    this.notes = [endsEarly ? `${when}, the end of the recording` : when, ...tick.notes];
  }

  /**
   * Reads a recording up to a moment.
   *
   * @param untilMs milliseconds since the epoch; undefined for its end
   * @param target a TARGET as typed; undefined for everything recorded
   * @param wholeNetns whether a container means its whole network namespace
   * @throws {Failure} `usage` for a file that is not a recording, `no-target` for a target not in it then
   */
  static async open(
    input: RecordingInput,
    untilMs: number | undefined,
    target: string | undefined,
    wholeNetns: boolean,
  ): Promise<RecordedSnapshot> {
    const targets = target === undefined ? undefined : targetsIn(target);
    const source = await RecordedSource.open(input, {
      targets,
      speed: undefined,
      sinceMs: undefined,
      untilMs,
      names: true,
    });
    try {
      const snapshots = new Map<number, SocketSnapshot>();
      let last: Tick | undefined;
      for (let tick = await source.next(REQUEST); tick !== undefined; tick = await source.next(REQUEST)) {
        const present = new Set(tick.namespaces.map(({ namespace }) => namespace.netns));
        for (const netns of snapshots.keys()) if (!present.has(netns)) snapshots.delete(netns);
        for (const { namespace, snapshot } of tick.namespaces)
          if (snapshot !== undefined) snapshots.set(namespace.netns, snapshot);
        last = tick;
      }
      if (last === undefined) throw new Error('a recording that ended has had a tick');
      if (last.namespaces.length === 0 && target !== undefined) {
        const when = new Date(last.atMs).toISOString();
        throw new Failure('no-target', `${target}: not in ${input.name} at ${when}`);
      }
      return new RecordedSnapshot(source, last, snapshots, input.name, untilMs, target, wholeNetns);
    } catch (error) {
      source.close();
      throw error;
    }
  }

  async inventory(): Promise<SnapshotInventory> {
    return {
      anyContainer: this.#tick.containers.length > 0,
      lookedFor: [`the recording ${this.#name}`],
      withoutContainers: undefined,
      notes: [],
      withoutProcess: [],
    };
  }

  async names(): Promise<Names> {
    return this.#tick.names;
  }

  close(): void {
    this.#source.close();
  }
}
