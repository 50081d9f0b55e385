import type { WatchedNetns } from '../../model/netns/netns.ts';
import { isShared } from '../../model/netns/sharing.ts';
import type { RecordingHeader, StoredNetnsTick, StoredSnapshot, StoredTick } from '../../model/sample/recorded.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import { AddressInterner } from '../../model/socket/interned-address.ts';
import type { SocketColumns } from '../../model/socket/socket-columns.ts';
import { SocketColumnsBuilder } from '../../model/socket/socket-columns-builder.ts';
import { isOtherProto } from '../../model/socket/socket-query.ts';
import type { Proto } from '../../model/socket/socket-view.ts';
import { ALL_STATES } from '../../model/socket/tcp-state.ts';
import type { RecordingLine } from '../../recording/lines.ts';
import { RecordingWriter } from '../../recording/writer.ts';
import { briefQuery } from '../live/background-query.ts';
import type { NetnsTick, SampleSource, SocketSnapshot, Tick } from '../sample-source.ts';
import { recordSnapshot } from '../series/record-snapshot.ts';
import { NetnsSettings } from './netns-settings.ts';
import type { RecordingFile } from './recording-file.ts';
import { StackHolders } from './stack-holders.ts';
import { summaryOf } from './summary.ts';

/** Writes what a source brings into a file. */
export class RecordingMaker {
  readonly #file: RecordingFile;
  readonly #writer = new RecordingWriter();
  readonly #columns = new SocketColumnsBuilder(new AddressInterner());
  readonly #isFull: boolean;
  /** Undefined where programs are not looked at. */
  readonly #holders: StackHolders | undefined;
  /** Those of the tick before. */
  #present: readonly WatchedNetns[] = [];
  /** The namespaces and containers of the details that were written last, as JSON. */
  #detailed = '';
  #details: RecordingLine | undefined;
  readonly #settings: NetnsSettings;
  /** The last snapshot of each namespace, by {@link keyOf}. */
  #snapshots = new Map<string, StoredSnapshot<SocketColumns>>();
  #isFirst = true;

  /**
   * @param withStacks whether the programs of processes are looked at
   * @param before what the file continues: the first tick then has the snapshots that were read in that one's time
   */
  constructor(
    file: RecordingFile,
    header: Omit<RecordingHeader, 'version' | 'fullEvents'>,
    withStacks = true,
    before?: RecordingMaker,
  ) {
    this.#file = file;
    this.#holders = withStacks ? new StackHolders() : undefined;
    this.#isFull = header.closely;
    file.add(this.#writer.header({ ...header, fullEvents: true }));
    this.#settings = before === undefined ? new NetnsSettings(keyOf) : before.#settings;
    if (before === undefined) return;
    this.#snapshots = before.#snapshots;
    this.#detailed = before.#detailed;
    this.#details = before.#details;
    if (this.#details !== undefined) file.add(this.#details);
  }

  /** Adds a connection event, to be written with the next tick: its namespace may be only in that. @returns see `RecordingWriter.addEvent` */
  event(event: ConnectionEvent): number {
    return this.#writer.addEvent(event.record());
  }

  /** Counts another end of a connection with one since the last tick. @param end what {@link event} has returned */
  alike(end: number): void {
    this.#writer.addAlike(end);
  }

  /** Writes a tick, and the events before it. @param source for its details, where namespaces or containers are new */
  async add(tick: Tick, source: SampleSource): Promise<void> {
    await this.#addDetails(tick, source);
    const stored = this.#stored(tick);
    this.#addStacks(stored, source);
    for (const line of this.#writer.tick(stored, tick.names)) this.#file.add(line);
  }

  /** Writes the last lines. @param atMs when, milliseconds since the epoch */
  finish(atMs: number): void {
    for (const line of [...this.#writer.events(atMs), this.#writer.end()]) this.#file.add(line);
  }

  /** Writes details whenever namespaces or containers came or went. */
  async #addDetails({ namespaces }: Tick, source: SampleSource): Promise<void> {
    // An inventory makes new objects: as long as there was none, nothing came or went.
    const isSame =
      this.#present.length === namespaces.length &&
      namespaces.every(({ namespace }, index) => namespace === this.#present[index]);
    if (isSame) return;
    this.#present = namespaces.map(({ namespace }) => namespace);
    const present = JSON.stringify(
      namespaces.map(({ namespace }) => [namespace.netns, namespace.containers.map(({ id }) => id)]),
    );
    if (present === this.#detailed) return;
    this.#detailed = present;
    const { declared, runtimeProcesses } = await source.details();
    const rest = { declared: Object.fromEntries(declared), runtimeProcesses };
    const read = this.#settings.read(this.#present, source);
    // Readers join the lines; a file that continues this one has all in its first.
    this.#details = this.#writer.details({ ...this.#settings.all, ...rest });
    this.#file.add(this.#writer.details({ ...read, ...rest }));
  }

  #addStacks({ namespaces }: StoredTick<SocketColumns>, source: SampleSource): void {
    const wanted = this.#holders?.next(namespaces) ?? [];
    const { stacks } = wanted.length === 0 ? { stacks: [] } : source.stacks(wanted);
    if (stacks.length > 0) this.#file.add(this.#writer.stacks(stacks));
  }

  #stored({ atMs, namespaces, containers, host, notes, budget }: Tick): StoredTick<SocketColumns> {
    const before = this.#snapshots;
    this.#snapshots = new Map();
    const stored = namespaces.map((namespace) => this.#storedNetns(namespace, before));
    this.#isFirst = false;
    return {
      atMs,
      containers,
      notes,
      namespaces: stored,
      ...(host !== undefined && { host }),
      ...(budget !== undefined && { budget }),
    };
  }

  #storedNetns(
    { snapshot, snapshotAtMs, ...namespace }: NetnsTick,
    before: ReadonlyMap<string, StoredSnapshot<SocketColumns>>,
  ): StoredNetnsTick<SocketColumns> {
    void snapshotAtMs;
    const key = keyOf(namespace.namespace);
    const fresh = snapshot && this.#storedSnapshot(snapshot, namespace);
    const last = fresh ?? before.get(key);
    if (last !== undefined) this.#snapshots.set(key, last);
    const written = this.#isFirst ? last : fresh;
    return written === undefined ? namespace : { ...namespace, snapshot: written };
  }

  #storedSnapshot(
    snapshot: SocketSnapshot,
    { sockstat, namespace }: Pick<NetnsTick, 'sockstat' | 'namespace'>,
  ): StoredSnapshot<SocketColumns> {
    const sockets = recordSnapshot(snapshot, this.#columns);
    const { takenAtMs, source, sources, coverage, withoutStates, ownersAtMs } = snapshot;
    if (this.#isFull) return { takenAtMs, source, sources, coverage, withoutStates, ownersAtMs, sockets };
    // The first snapshot has all sockets, for their number.
    const query = briefQuery(sockstat, isShared(namespace));
    return {
      takenAtMs,
      source,
      sources: sources && withoutOthers(sources),
      coverage,
      withoutStates: ALL_STATES & ~query.states,
      ownersAtMs,
      sockets: summaryOf(sockets, query),
    };
  }
}

/** The inode number of a deleted namespace may be that of another one. */
function keyOf({ netns, name, containers }: WatchedNetns): string {
  return `${netns} ${name} ${containers.map(({ id }) => id).join(' ')}`;
}

function withoutOthers(sources: NonNullable<SocketSnapshot['sources']>): SocketSnapshot['sources'] {
  const left = Object.entries(sources).filter(([proto]) => !isOtherProto(proto as Proto));
  return left.length > 0 ? Object.fromEntries(left) : undefined;
}
