import { AddressBook } from '../../model/interned-address.ts';
import type { RecordedLook, RecordedSpace, RecordedTick, RecordingHeader } from '../../model/recorded.ts';
import type { WatchedSpace } from '../../model/watched.ts';
import { RecordingWriter } from '../../recording/writer.ts';
import type { EndedSocket } from '../ended-stream.ts';
import type { RecordingFile } from '../recording-file.ts';
import { keepLook } from './keep-look.ts';
import type { SampleSource, SpaceLook, SpaceTick, Tick } from './source.ts';

/** Keeps what a source brings in a file. */
export class RecordingMaker {
  readonly #file: RecordingFile;
  readonly #writer = new RecordingWriter();
  readonly #book = new AddressBook();
  /** Which namespaces' settings, and which containers, are in the details that were written. */
  #detailed = '';

  constructor(file: RecordingFile, header: Omit<RecordingHeader, 'version'>) {
    this.#file = file;
    file.add(this.#writer.header(header));
  }

  /** Takes an ended socket in. */
  ended({ netns }: WatchedSpace, ended: EndedSocket): void {
    const { remembered } = ended;
    this.#file.add(
      this.#writer.ended({ netns, connection: ended.connection(), ...(remembered !== undefined && { remembered }) }),
    );
  }

  async add(tick: Tick, source: SampleSource): Promise<void> {
    await this.#addDetails(tick, source);
    for (const line of this.#writer.tick(this.#kept(tick), tick.names)) this.#file.add(line);
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
      ...{ atMs, containers, notes },
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
    const { takenAtMs, source, coverage, withoutStates } = look;
    return { takenAtMs, source, coverage, withoutStates, sockets };
  }
}
