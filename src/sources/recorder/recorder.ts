import type { RecordedLook, RecordedSpace, RecordedTick, RecordingHeader } from '../../model/sample/recorded.ts';
import type { ClosedConnection, ClosedConnectionRecord } from '../../model/socket/closed-connection.ts';
import { AddressBook } from '../../model/socket/interned-address.ts';
import { RecordingWriter } from '../../recording/writer.ts';
import type { SampleSource, SpaceLook, SpaceTick, Tick } from '../sample-source.ts';
import { keepLook } from '../series/record-snapshot.ts';
import type { RecordingFile } from './recording-file.ts';
import { LIGHTLY_WITHOUT, lighten } from './summary.ts';

/** Keeps what a source brings in a file. */
export class RecordingMaker {
  readonly #file: RecordingFile;
  readonly #writer = new RecordingWriter();
  readonly #book = new AddressBook();
  readonly #closely: boolean;
  /** Connections closed since the last tick: their namespace may be in the next one alone. */
  #closed: ClosedConnectionRecord[] = [];
  /** Which namespaces' settings, and which containers, are in the details that were written. */
  #detailed = '';

  constructor(file: RecordingFile, header: Omit<RecordingHeader, 'version' | 'fullEvents'>) {
    this.#file = file;
    this.#closely = header.closely;
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
  async #addDetails({ spaces }: Tick, source: SampleSource): Promise<void> {
    const present = JSON.stringify(spaces.map(({ space }) => [space.netns, space.containers.map(({ id }) => id)]));
    if (present === this.#detailed) return;
    this.#detailed = present;
    const { declared, runtimeProcesses } = await source.details();
    const sysctls = Object.fromEntries(spaces.map(({ space }) => [space.netns, source.sysctls(space)]));
    this.#file.add(this.#writer.details({ sysctls, declared: Object.fromEntries(declared), runtimeProcesses }));
  }

  #kept({ atMs, spaces, containers, host, notes, budget }: Tick): RecordedTick {
    return {
      atMs,
      containers,
      notes,
      spaces: spaces.map((space) => this.#keptSpace(space)),
      ...(host !== undefined && { host }),
      ...(budget !== undefined && { budget }),
    };
  }

  #keptSpace({ look, lookedAtMs, ...space }: SpaceTick): RecordedSpace {
    void lookedAtMs;
    return look === undefined ? space : { ...space, look: this.#keptLook(look) };
  }

  #keptLook(look: SpaceLook): RecordedLook {
    const sockets = keepLook(look, this.#book);
    const { takenAtMs, source, sources, coverage, withoutStates } = look;
    if (this.#closely) return { takenAtMs, source, sources, coverage, withoutStates, sockets };
    // The first look, which tells how many there are, is a whole one.
    return { takenAtMs, source, sources, coverage, withoutStates: LIGHTLY_WITHOUT, sockets: lighten(sockets) };
  }
}
