import type { Names } from '../model/names.ts';
import type { Sockstat } from '../model/netns/counters.ts';
import type { WatchedContainer, WatchedNetns } from '../model/netns/netns.ts';
import type { RecordedDetails, RecordingHeader, StoredNetnsTick, StoredTick } from '../model/sample/recorded.ts';
import type { HostSample, PidsUse, ProcessSample, SocketMemory } from '../model/sample/sample.ts';
import type { EventCounts } from '../model/socket/connection-event.ts';
import type { StoredSockets } from '../model/socket/stored-sockets.ts';
import type { StackFacts } from '../model/stack/stack-facts.ts';
import { AddressTexts } from './address-texts.ts';
import { fromEventColumns, type RecordedConnectionEvent } from './event-rows.ts';
import { KnownNamespaces } from './known-namespaces.ts';
import { checked, DETAILS, HEADER, HOST, MEMORY, NAMES, NAMESPACES, PIDS, STACKS, TIME } from './line-shapes.ts';
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

/** State of a network namespace after the lines so far. */
interface Known {
  /** Shared with the returned ticks: replaced, never modified. */
  counters: Readonly<Record<string, number>> | undefined;
  sockstat: Readonly<Record<string, number>> | undefined;
  processes?: readonly ProcessSample[];
  pids?: readonly PidsUse[];
  memory?: readonly SocketMemory[];
  sockets: SocketChangesReader;
  /** Its tick while nothing changes. */
  unchanged?: StoredNetnsTick<StoredSockets> | undefined;
}

/** The content of a line. */
export type RecordingItem =
  | { kind: 'tick'; tick: StoredTick<StoredSockets> }
  | { kind: 'events'; events: RecordedConnectionEvent[] }
  | { kind: 'end' }
  | { kind: 'other' };

const OTHER: RecordingItem = { kind: 'other' };

/** Decodes the lines of a recording in order. */
export class RecordingReader {
  /** Set by {@link begin}. */
  header!: RecordingHeader;
  /** Facts that rarely change, so far. */
  details: RecordedDetails = { sysctls: {}, declared: {}, runtimeProcesses: [] };
  /** Programs of processes, so far; none in files of versions before 0.4. */
  stacks: readonly StackFacts[] = [];
  readonly #addresses = new AddressTexts();
  readonly #known = new KnownNamespaces<Known>(() => this.#newKnown());
  readonly #hosts = new Map<string, string>();
  readonly #services = new Map<string, string>();
  /** Every network namespace so far: connections of a deleted one can be reported later. */
  readonly #everyNamespace = new Map<number, WatchedNetns>();
  #namespaces: readonly WatchedNetns[] = [];
  #containers: readonly WatchedContainer[] = [];
  #host: HostSample | undefined;

  /** The names so far; no user names. */
  readonly names: Names = {
    host: (address) => this.#hosts.get(address),
    service: (port, proto) => this.#services.get(`${port}/${proto}`),
    user: () => undefined,
  };

  /** The addresses with a host name. */
  addressesOf(name: string): string[] {
    return [...this.#hosts].flatMap(([address, known]) => (known === name ? [address] : []));
  }

  /** A current or earlier network namespace by its inode; undefined for an unknown one. */
  namespaceOf(netns: number): WatchedNetns | undefined {
    return this.#everyNamespace.get(netns);
  }

  /**
   * Decodes the first line.
   *
   * @throws {RecordingError} for a file that is not a recording, or is of a later version
   */
  begin(line: unknown): void {
    const { type, version } = (line ?? {}) as { type?: unknown; version?: unknown };
    if (type !== 'socklens-recording') throw new RecordingError('not a socklens recording');
    if (typeof version !== 'number' || version > RECORDING_VERSION)
      throw new RecordingError(
        `recording format ${JSON.stringify(version)} is not supported (up to ${RECORDING_VERSION}); use a newer socklens`,
      );
    this.header = checked(HEADER, line, 'the first line');
  }

  /**
   * Decodes a further line.
   *
   * @throws {RecordingError} for a damaged line
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
      case 'stacks':
        this.stacks = [...this.stacks, ...checked(STACKS, line, 'a line "stacks"').stacks];
        return OTHER;
      case 'ended':
        return { kind: 'events', events: fromEventColumns(line.ends, time(line.at), this.#addresses.of) };
      case 'began':
        return { kind: 'events', events: fromEventColumns(line.begins, time(line.at), this.#addresses.of) };
      case 'tick':
        return { kind: 'tick', tick: this.#tick(line) };
      case 'end':
        return { kind: 'end' };
      case 'socklens-recording':
        throw new RecordingError('contains a second recording');
      default:
        // A line of a later version: the other lines are still valid.
        return OTHER;
    }
  }

  #setNamespaces(line: NamespacesLine): void {
    const { spaces, containers } = checked(NAMESPACES, line, 'a line "spaces"');
    this.#namespaces = spaces;
    this.#containers = containers;
    this.#known.set(spaces);
    for (const namespace of spaces) this.#everyNamespace.set(namespace.netns, namespace);
  }

  /** Settings of stopped containers are preserved. */
  #addDetails(line: RecordedDetails): void {
    const { sysctls, devices, declared, runtimeProcesses } = checked(DETAILS, line, 'a line "details"');
    this.details = {
      sysctls: { ...this.details.sysctls, ...sysctls },
      devices: { ...this.details.devices, ...devices },
      declared: { ...this.details.declared, ...declared },
      runtimeProcesses,
    };
  }

  #tick({ at, spaces, host, notes, budget }: TickLine): StoredTick<StoredSockets> {
    const changes = new Map((spaces ?? []).map((change) => [change.netns, change]));
    if (host !== undefined) this.#host = { ...checked(HOST, host, '"host" of a tick'), atMs: time(at) };
    return {
      atMs: time(at),
      namespaces: this.#namespaces.map((namespace) => this.#namespace(namespace, changes.get(namespace.netns))),
      containers: this.#containers,
      ...(this.#host !== undefined && { host: { ...this.#host, atMs: at } }),
      notes: (notes ?? []).map(String),
      ...(budget !== undefined && { budget }),
    };
  }

  #namespace(namespace: WatchedNetns, change: NetnsChange | undefined): StoredNetnsTick<StoredSockets> {
    const known = this.#known.of(namespace.netns) ?? this.#newKnown();
    if (change === undefined) {
      if (known.unchanged?.namespace !== namespace) known.unchanged = this.#netnsTick(namespace, known, {});
      return known.unchanged;
    }
    known.unchanged = undefined;
    applyChange(known, change);
    return this.#netnsTick(namespace, known, change);
  }

  #netnsTick(namespace: WatchedNetns, known: Known, change: Partial<NetnsChange>): StoredNetnsTick<StoredSockets> {
    const { counters, sockstat, processes, pids, memory } = known;
    const snapshot = change.look && known.sockets.snapshot(change.look);
    return {
      namespace,
      ...(counters !== undefined && { counters }),
      ...(sockstat !== undefined && { sockstat: sockstat as unknown as Sockstat }),
      ...(processes !== undefined && { processes }),
      ...(pids !== undefined && { pids }),
      ...(memory !== undefined && { memory }),
      ...(snapshot !== undefined && { snapshot }),
      ...(this.header.events && { events: this.#eventCounts(change) }),
      lost: change.lost ?? 0,
    };
  }

  #eventCounts({ closes = 0, failed = 0, opened = 0, established = 0 }: Partial<NetnsChange>): EventCounts {
    const ends = { failed, closed: closes - failed };
    return this.header.eventSource === 'tracepoint' ? { opened, established, ...ends } : ends;
  }

  #newKnown(): Known {
    return { counters: undefined, sockstat: undefined, sockets: new SocketChangesReader(this.#addresses) };
  }
}

/**
 * Applies a change to the state of a network namespace. Numbers are validated here and columns of sockets in
 * `cells.ts`, without valibot, which copies: they are most of a recording, and it would double the time of reading.
 *
 * @throws {RecordingError} for a damaged change
 */
function applyChange(known: Known, { counters, sockstat, processes, pids, memory }: NetnsChange): void {
  if (counters === null) known.counters = undefined;
  else if (counters !== undefined) {
    // Earlier ticks share the old object.
    const sums = { ...known.counters };
    for (const name in counters) sums[name] = (sums[name] ?? 0) + number(counters[name], `counters.${name}`);
    known.counters = sums;
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
    `"${name.slice(0, 40)}" of a tick is damaged: ${String(JSON.stringify(value)).slice(0, 40)}`,
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
