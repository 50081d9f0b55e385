import type { Sockstat } from '../model/counters.ts';
import { AddressBook } from '../model/interned-address.ts';
import type { Names } from '../model/names.ts';
import type {
  RecordedDetails,
  RecordedEnd,
  RecordedLook,
  RecordedSpace,
  RecordedTick,
  RecordingHeader,
} from '../model/recorded.ts';
import type { HostSample, PidsUse, ProcessSample } from '../model/sample.ts';
import type { WatchedContainer, WatchedSpace } from '../model/watched.ts';
import { readEnd } from './ended-lines.ts';
import { RECORDING_VERSION, type RecordingLine, type SpaceChange, type TickLine } from './lines.ts';
import { SocketChangesReader } from './socket-changes.ts';

/** What is no recording, or one that this version cannot read. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/** What is known of a namespace. */
interface Known {
  counters: Record<string, number>;
  sockstat: Record<string, number>;
  processes: readonly ProcessSample[] | undefined;
  pids: readonly PidsUse[] | undefined;
  sockets: SocketChangesReader;
  lastLook: RecordedLook | undefined;
}

/** What a line brought. */
export type RecordingItem =
  | { kind: 'tick'; tick: RecordedTick }
  | { kind: 'ended'; end: RecordedEnd }
  | { kind: 'other' };

/** Puts together what lines of a recording tell, one after the other. */
export class RecordingReader {
  header!: RecordingHeader;
  details: RecordedDetails = { sysctls: {}, declared: {}, runtimeProcesses: [] };
  readonly #book = new AddressBook();
  readonly #known = new Map<number, Known>();
  readonly #hosts = new Map<string, string>();
  readonly #services = new Map<string, string>();
  #spaces: readonly WatchedSpace[] = [];
  #containers: readonly WatchedContainer[] = [];
  #host: HostSample | undefined;

  /** The names that the recording knows. */
  readonly names: Names = {
    host: (address) => this.#hosts.get(address),
    service: (port, proto) => this.#services.get(`${port}/${proto}`),
    user: () => undefined,
  };

  /** Addresses by their names: the opposite of {@link names}. */
  addressesOf(name: string): string[] {
    return [...this.#hosts].flatMap(([address, known]) => (known === name ? [address] : []));
  }

  /** The last look at each namespace that is there now. */
  lastLooks(): { space: WatchedSpace; look: RecordedLook | undefined }[] {
    return this.#spaces.map((space) => ({ space, look: this.#known.get(space.netns)?.lastLook }));
  }

  /**
   * Takes the first line.
   *
   * @throws {RecordingError}
   */
  begin(line: unknown): void {
    const header = line as Partial<RecordingHeader> & { type?: unknown };
    if (header?.type !== 'socklens-recording') throw new RecordingError('it is no recording of socklens');
    if (typeof header.version !== 'number' || header.version > RECORDING_VERSION) {
      throw new RecordingError(`its format is ${header.version}, this socklens reads up to ${RECORDING_VERSION}`);
    }
    this.header = header as RecordingHeader;
  }

  /** Takes another line. */
  take(line: RecordingLine): RecordingItem {
    switch (line.type) {
      case 'spaces':
        this.#spaces = line.spaces;
        this.#containers = line.containers;
        this.#forget();
        break;
      case 'names':
        for (const [address, name] of Object.entries(line.hosts)) this.#hosts.set(address, name);
        for (const [port, name] of Object.entries(line.services)) this.#services.set(port, name);
        break;
      case 'details':
        this.details = line;
        break;
      case 'ended':
        return { kind: 'ended', end: { netns: line.netns, ...readEnd(line) } };
      case 'tick':
        return { kind: 'tick', tick: this.#tick(line) };
      default:
        // A later version's line: what is known is still told.
        break;
    }
    return { kind: 'other' };
  }

  #tick({ at, spaces, host, notes, budget }: TickLine): RecordedTick {
    const changes = new Map((spaces ?? []).map((change) => [change.netns, change]));
    if (host !== undefined) this.#host = host;
    return {
      atMs: at,
      spaces: this.#spaces.map((space) => this.#space(space, changes.get(space.netns))),
      containers: this.#containers,
      ...(this.#host !== undefined && { host: { ...this.#host, atMs: at } }),
      notes: notes ?? [],
      ...(budget !== undefined && { budget }),
    };
  }

  #space(space: WatchedSpace, change: SpaceChange | undefined): RecordedSpace {
    const known = this.#knownOf(space.netns);
    for (const name in change?.counters)
      known.counters[name] = (known.counters[name] ?? 0) + (change?.counters[name] ?? 0);
    Object.assign(known.sockstat, change?.sockstat);
    known.processes = change?.processes ?? known.processes;
    known.pids = change?.pids ?? known.pids;
    const look = change?.look === undefined ? undefined : known.sockets.look(change.look);
    if (look !== undefined) known.lastLook = look;
    const counted = Object.keys(known.counters).length > 0;
    return {
      space,
      ...(counted && { counters: { ...known.counters } }),
      ...(Object.keys(known.sockstat).length > 0 && { sockstat: { ...known.sockstat } as unknown as Sockstat }),
      ...(known.processes !== undefined && { processes: known.processes }),
      ...(known.pids !== undefined && { pids: known.pids }),
      ...(look !== undefined && { look }),
      ...(this.header.events && { closes: change?.closes ?? 0 }),
      lost: change?.lost ?? 0,
    };
  }

  #knownOf(netns: number): Known {
    const known = this.#known.get(netns);
    if (known !== undefined) return known;
    const made: Known = {
      ...{ counters: {}, sockstat: {}, processes: undefined, pids: undefined, lastLook: undefined },
      sockets: new SocketChangesReader(this.#book),
    };
    this.#known.set(netns, made);
    return made;
  }

  #forget(): void {
    const present = new Set(this.#spaces.map(({ netns }) => netns));
    for (const netns of this.#known.keys()) if (!present.has(netns)) this.#known.delete(netns);
  }
}
