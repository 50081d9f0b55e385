import type { RecordingHeader, StoredNetnsTick, StoredSnapshot, StoredTick } from '../../model/sample/recorded.ts';
import type { ClosedConnection, ClosedConnectionRecord } from '../../model/socket/closed-connection.ts';
import { AddressInterner } from '../../model/socket/interned-address.ts';
import { RecordingWriter } from '../../recording/writer.ts';
import type { NetnsTick, SampleSource, SocketSnapshot, Tick } from '../sample-source.ts';
import { recordSnapshot } from '../series/record-snapshot.ts';
import type { RecordingFile } from './recording-file.ts';
import { SUMMARY_WITHOUT, summaryOf } from './summary.ts';

/** Keeps what a source brings in a file. */
export class RecordingMaker {
  readonly #file: RecordingFile;
  readonly #writer = new RecordingWriter();
  readonly #book = new AddressInterner();
  readonly #isFull: boolean;
  /** Connections closed since the last tick: their namespace may be in the next one alone. */
  #closed: ClosedConnectionRecord[] = [];
  /** Which namespaces' settings, and which containers, are in the details that were written. */
  #detailed = '';

  constructor(file: RecordingFile, header: Omit<RecordingHeader, 'version' | 'fullEvents'>) {
    this.#file = file;
    this.#isFull = header.closely;
    file.add(this.#writer.header({ ...header, fullEvents: true }));
  }

  /** Takes a closed connection in. */
  closed(closed: ClosedConnection): void {
    this.#closed.push(closed.record());
  }

  async add(tick: Tick, source: SampleSource): Promise<void> {
    await this.#addDetails(tick, source);
    const closed = this.#closed;
    this.#closed = [];
    for (const line of this.#writer.tick(this.#kept(tick), closed, tick.names)) this.#file.add(line);
  }

  /** Says that this is all. @param atMs when */
  finish(atMs: number): void {
    for (const line of [...this.#writer.closed(this.#closed, atMs), this.#writer.end()]) this.#file.add(line);
  }

  /** Whenever somebody new is there. */
  async #addDetails({ namespaces }: Tick, source: SampleSource): Promise<void> {
    const present = JSON.stringify(
      namespaces.map(({ namespace }) => [namespace.netns, namespace.containers.map(({ id }) => id)]),
    );
    if (present === this.#detailed) return;
    this.#detailed = present;
    const { declared, runtimeProcesses } = await source.details();
    const sysctls = Object.fromEntries(namespaces.map(({ namespace }) => [namespace.netns, source.sysctls(namespace)]));
    this.#file.add(this.#writer.details({ sysctls, declared: Object.fromEntries(declared), runtimeProcesses }));
  }

  #kept({ atMs, namespaces, containers, host, notes, budget }: Tick): StoredTick {
    return {
      atMs,
      containers,
      notes,
      namespaces: namespaces.map((namespace) => this.#storedNetns(namespace)),
      ...(host !== undefined && { host }),
      ...(budget !== undefined && { budget }),
    };
  }

  #storedNetns({ snapshot, snapshotAtMs, ...namespace }: NetnsTick): StoredNetnsTick {
    void snapshotAtMs;
    return snapshot === undefined ? namespace : { ...namespace, snapshot: this.#storedSnapshot(snapshot) };
  }

  #storedSnapshot(snapshot: SocketSnapshot): StoredSnapshot {
    const sockets = recordSnapshot(snapshot, this.#book);
    const { takenAtMs, source, sources, coverage, withoutStates } = snapshot;
    if (this.#isFull) return { takenAtMs, source, sources, coverage, withoutStates, sockets };
    // The first look, which tells how many there are, is a whole one.
    return { takenAtMs, source, sources, coverage, withoutStates: SUMMARY_WITHOUT, sockets: summaryOf(sockets) };
  }
}
