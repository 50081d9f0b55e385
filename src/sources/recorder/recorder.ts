import { isShared } from '../../model/netns/sharing.ts';
import type { RecordingHeader, StoredNetnsTick, StoredSnapshot, StoredTick } from '../../model/sample/recorded.ts';
import type { ConnectionEvent, ConnectionEventRecord } from '../../model/socket/connection-event.ts';
import { AddressInterner } from '../../model/socket/interned-address.ts';
import type { SocketColumns } from '../../model/socket/socket-columns.ts';
import { SocketColumnsBuilder } from '../../model/socket/socket-columns-builder.ts';
import { isOtherProto } from '../../model/socket/socket-query.ts';
import type { Proto } from '../../model/socket/socket-view.ts';
import { ALL_STATES } from '../../model/socket/tcp-state.ts';
import { RecordingWriter } from '../../recording/writer.ts';
import { briefQuery } from '../live/netns-sampler.ts';
import type { NetnsTick, SampleSource, SocketSnapshot, Tick } from '../sample-source.ts';
import { recordSnapshot } from '../series/record-snapshot.ts';
import type { RecordingFile } from './recording-file.ts';
import { summaryOf } from './summary.ts';

/** Writes what a source brings into a file. */
export class RecordingMaker {
  readonly #file: RecordingFile;
  readonly #writer = new RecordingWriter();
  readonly #columns = new SocketColumnsBuilder(new AddressInterner());
  readonly #isFull: boolean;
  /** Events since the last tick: their namespace may be only in the next one. */
  #events: ConnectionEventRecord[] = [];
  /** The namespaces and containers of the details that were written last, as JSON. */
  #detailed = '';

  constructor(file: RecordingFile, header: Omit<RecordingHeader, 'version' | 'fullEvents'>) {
    this.#file = file;
    this.#isFull = header.closely;
    file.add(this.#writer.header({ ...header, fullEvents: true }));
  }

  /** Adds a connection event. */
  event(event: ConnectionEvent): void {
    this.#events.push(event.record());
  }

  /** Writes a tick, and the events before it. @param source for its details, where namespaces or containers are new */
  async add(tick: Tick, source: SampleSource): Promise<void> {
    await this.#addDetails(tick, source);
    const events = this.#events;
    this.#events = [];
    for (const line of this.#writer.tick(this.#stored(tick), events, tick.names)) this.#file.add(line);
  }

  /** Writes the last lines. @param atMs when, milliseconds since the epoch */
  finish(atMs: number): void {
    for (const line of [...this.#writer.events(this.#events, atMs), this.#writer.end()]) this.#file.add(line);
  }

  /** Writes details whenever namespaces or containers came or went. */
  async #addDetails({ namespaces }: Tick, source: SampleSource): Promise<void> {
    const present = JSON.stringify(
      namespaces.map(({ namespace }) => [namespace.netns, namespace.containers.map(({ id }) => id)]),
    );
    if (present === this.#detailed) return;
    this.#detailed = present;
    const { declared, runtimeProcesses } = await source.details();
    const sysctls = Object.fromEntries(namespaces.map(({ namespace }) => [namespace.netns, source.sysctls(namespace)]));
    const devices = Object.fromEntries(
      namespaces.map(({ namespace }) => [namespace.netns, Object.fromEntries(source.devices(namespace))]),
    );
    this.#file.add(
      this.#writer.details({ sysctls, devices, declared: Object.fromEntries(declared), runtimeProcesses }),
    );
  }

  #stored({ atMs, namespaces, containers, host, notes, budget }: Tick): StoredTick<SocketColumns> {
    return {
      atMs,
      containers,
      notes,
      namespaces: namespaces.map((namespace) => this.#storedNetns(namespace)),
      ...(host !== undefined && { host }),
      ...(budget !== undefined && { budget }),
    };
  }

  #storedNetns({ snapshot, snapshotAtMs, ...namespace }: NetnsTick): StoredNetnsTick<SocketColumns> {
    void snapshotAtMs;
    return snapshot === undefined ? namespace : { ...namespace, snapshot: this.#storedSnapshot(snapshot, namespace) };
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

function withoutOthers(sources: NonNullable<SocketSnapshot['sources']>): SocketSnapshot['sources'] {
  const left = Object.entries(sources).filter(([proto]) => !isOtherProto(proto as Proto));
  return left.length > 0 ? Object.fromEntries(left) : undefined;
}
