import type { Names } from '../model/names.ts';
import type { Sockstat } from '../model/netns/counters.ts';
import type { WatchedContainer, WatchedNetns } from '../model/netns/netns.ts';
import type { RecordedDetails, RecordingHeader, StoredNetnsTick, StoredTick } from '../model/sample/recorded.ts';
import type { HostSample, PidsUse, ProcessSample, SocketMemory } from '../model/sample/sample.ts';
import type { StoredSockets } from '../model/socket/stored-sockets.ts';
import { AddressTexts } from './address-texts.ts';
import { fromClosedColumns, type RecordedClosedConnection } from './closed-rows.ts';
import { KnownNamespaces } from './known-spaces.ts';
import { checked, DETAILS, HEADER, HOST, MEMORY, NAMES, PIDS, SPACES, TIME } from './line-shapes.ts';
import {
  type NamespacesLine,
  type NetnsChange,
  RECORDING_VERSION,
  type RecordingLine,
  type TickLine,
} from './lines.ts';
import { checkedProcesses } from './process-list.ts';
import { RecordingError } from './recording-error.ts';
import { SocketChangesReader } from './socket-changes-reader.ts';

/** What is known of a namespace. */
interface Known {
  /** Handed out with every tick: never changed, but exchanged. */
  counters: Readonly<Record<string, number>> | undefined;
  sockstat: Readonly<Record<string, number>> | undefined;
  processes?: readonly ProcessSample[];
  pids?: readonly PidsUse[];
  memory?: readonly SocketMemory[];
  sockets: SocketChangesReader;
  /** What is told of it as long as nothing changes. */
  unchanged?: StoredNetnsTick<StoredSockets> | undefined;
}

/** What a line brought. */
export type RecordingItem =
  | { kind: 'tick'; tick: StoredTick<StoredSockets> }
  | { kind: 'closed'; closed: RecordedClosedConnection[] }
  | { kind: 'end' }
  | { kind: 'other' };

const OTHER: RecordingItem = { kind: 'other' };

/** Puts together what lines of a recording tell, one after the other. */
export class RecordingReader {
  header!: RecordingHeader;
  details: RecordedDetails = { sysctls: {}, declared: {}, runtimeProcesses: [] };
  readonly #addresses = new AddressTexts();
  readonly #known = new KnownNamespaces<Known>(() => this.#newKnown());
  readonly #hosts = new Map<string, string>();
  readonly #services = new Map<string, string>();
  /** Every namespace that ever was: what ends in one may be told when it is gone. */
  readonly #everyNamespace = new Map<number, WatchedNetns>();
  #spaces: readonly WatchedNetns[] = [];
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

  /** A namespace that is or was there. */
  namespaceOf(netns: number): WatchedNetns | undefined {
    return this.#everyNamespace.get(netns);
  }

  /**
   * Takes the first line.
   *
   * @throws {RecordingError}
   */
  begin(line: unknown): void {
    const { type, version } = (line ?? {}) as { type?: unknown; version?: unknown };
    if (type !== 'socklens-recording') throw new RecordingError('it is no recording of socklens');
    if (typeof version !== 'number' || version > RECORDING_VERSION)
      throw new RecordingError(
        `its format is ${JSON.stringify(version)}, this socklens reads up to ${RECORDING_VERSION}: take a newer one`,
      );
    this.header = checked(HEADER, line, 'its first line');
  }

  /**
   * Takes another line.
   *
   * @throws {RecordingError} when it does not say what such a line says
   */
  take(line: RecordingLine): RecordingItem {
    try {
      return this.#take(line);
    } catch (error) {
      if (error instanceof RecordingError) throw error;
      throw new RecordingError(`a line "${line?.type}" is damaged`, { cause: error });
    }
  }

  #take(line: RecordingLine): RecordingItem {
    switch (line.type) {
      case 'spaces':
        this.#setNamespaces(line);
        return OTHER;
      case 'names': {
        const { hosts, services } = checked(NAMES, line, 'a line "names"');
        for (const [address, name] of Object.entries(hosts)) setName(this.#hosts, address, name);
        for (const [port, name] of Object.entries(services)) setName(this.#services, port, name);
        return OTHER;
      }
      case 'details':
        this.#addDetails(line);
        return OTHER;
      case 'ended':
        return { kind: 'closed', closed: fromClosedColumns(line.ends, time(line.at), this.#addresses.of) };
      case 'tick':
        return { kind: 'tick', tick: this.#tick(line) };
      case 'end':
        return { kind: 'end' };
      case 'socklens-recording':
        throw new RecordingError('another recording begins in it');
      default:
        // A later version's line: what is known is still told.
        return OTHER;
    }
  }

  #setNamespaces(line: NamespacesLine): void {
    const { spaces, containers } = checked(SPACES, line, 'a line "spaces"');
    this.#spaces = spaces;
    this.#containers = containers;
    this.#known.set(spaces);
    for (const namespace of spaces) this.#everyNamespace.set(namespace.netns, namespace);
  }

  /** Settings of what has stopped are still reported. */
  #addDetails(line: RecordedDetails): void {
    const { sysctls, declared, runtimeProcesses } = checked(DETAILS, line, 'a line "details"');
    this.details = {
      sysctls: { ...this.details.sysctls, ...sysctls },
      declared: { ...this.details.declared, ...declared },
      runtimeProcesses,
    };
  }

  #tick({ at, spaces, host, notes, budget }: TickLine): StoredTick<StoredSockets> {
    const changes = new Map((spaces ?? []).map((change) => [change.netns, change]));
    if (host !== undefined) this.#host = { ...checked(HOST, host, '"host" of a tick'), atMs: time(at) };
    return {
      atMs: time(at),
      namespaces: this.#spaces.map((namespace) => this.#namespace(namespace, changes.get(namespace.netns))),
      containers: this.#containers,
      ...(this.#host !== undefined && { host: { ...this.#host, atMs: at } }),
      notes: (notes ?? []).map(String),
      ...(budget !== undefined && { budget }),
    };
  }

  #namespace(namespace: WatchedNetns, change: NetnsChange | undefined): StoredNetnsTick<StoredSockets> {
    const known = this.#known.of(namespace.netns) ?? this.#newKnown();
    if (change === undefined) {
      if (known.unchanged?.namespace !== namespace) known.unchanged = this.#told(namespace, known, {});
      return known.unchanged;
    }
    known.unchanged = undefined;
    takeChange(known, change);
    return this.#told(namespace, known, change);
  }

  #told(namespace: WatchedNetns, known: Known, change: Partial<NetnsChange>): StoredNetnsTick<StoredSockets> {
    const { counters, sockstat, processes, pids, memory } = known;
    const look = change.look && known.sockets.snapshot(change.look);
    return {
      namespace,
      ...(counters !== undefined && { counters }),
      ...(sockstat !== undefined && { sockstat: sockstat as unknown as Sockstat }),
      ...(processes !== undefined && { processes }),
      ...(pids !== undefined && { pids }),
      ...(memory !== undefined && { memory }),
      ...(look !== undefined && { snapshot: look }),
      ...(this.header.events && { closes: change.closes ?? 0 }),
      lost: change.lost ?? 0,
    };
  }

  #newKnown(): Known {
    return { counters: undefined, sockstat: undefined, sockets: new SocketChangesReader(this.#addresses) };
  }
}

/**
 * Numbers are checked here and columns of sockets in `cells.ts`, without a shape: a recording consists of
 * them, and a checker that copies would double the time of reading.
 *
 * @throws {RecordingError} for what is not what it should be
 */
function takeChange(known: Known, { counters, sockstat, processes, pids, memory }: NetnsChange): void {
  if (counters === null) known.counters = undefined;
  else if (counters !== undefined) {
    // The ticks before have the old ones.
    const risen = { ...known.counters };
    for (const name in counters) risen[name] = (risen[name] ?? 0) + number(counters[name], `counters.${name}`);
    known.counters = risen;
  }
  if (sockstat === null) known.sockstat = undefined;
  else if (sockstat !== undefined) {
    for (const name in sockstat) number(sockstat[name], `sockstat.${name}`);
    known.sockstat = { ...known.sockstat, ...sockstat };
  }
  if (processes !== undefined) known.processes = checkedProcesses(processes);
  if (pids !== undefined) known.pids = checked(PIDS, pids, '"pids" of a tick');
  if (memory !== undefined) known.memory = checked(MEMORY, memory, '"memory" of a tick');
}

/** @throws {RecordingError} */
function number(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  throw new RecordingError(
    `"${name.slice(0, 40)}" of a tick is damaged: it is ${String(JSON.stringify(value)).slice(0, 40)}`,
  );
}

function setName(names: Map<string, string>, key: string, name: string): void {
  if (name !== '') names.set(key, name);
  else names.delete(key);
}

/** @throws {RecordingError} */
function time(value: unknown): number {
  return checked(TIME, value, 'the time of a line');
}
