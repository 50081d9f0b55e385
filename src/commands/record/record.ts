import { plural } from '../../base/plural.ts';
import { safeText } from '../../base/safe-text.ts';
import { sizeText } from '../../base/size.ts';
import { Failure } from '../../model/failure.ts';
import { everySocket } from '../../model/socket/socket-query.ts';
import { openSource, type SourceOptions } from '../../sources/open-source.ts';
import { RecordingMaker } from '../../sources/recorder/recorder.ts';
import { RecordingFile } from '../../sources/recorder/recording-file.ts';
import type { SampleSource, Tick, TickRequest } from '../../sources/sample-source.ts';
import type { CommandContext } from '../context.ts';

export interface RecordOptions extends SourceOptions {
  target: string;
  /** The file to make. */
  output: string;
  redact: boolean;
  /** Whether all sockets are read at every tick; undefined to decide by how many there are. */
  isFull: boolean | undefined;
}

/** So many sockets are read at every tick, all of them, with what the kernel knows of each connection. */
const CLOSE_UP_TO = 10_000;

/** `socklens record`: what is seen of the targets, kept in a file. */
export async function record(context: CommandContext, options: RecordOptions): Promise<void> {
  RecordingFile.mayCreate(options.output);
  const stop = context.stopSignal?.();
  const source = await openSource(context.machine, { ...options, host: true });
  const session = new RecordSession(source, options);
  try {
    for (;;) {
      const tick = await source.next(session.request, stop);
      if (tick === undefined) break;
      await session.add(tick);
      for (const note of tick.notes) context.err.write(`socklens: ${safeText(note)}\n`);
    }
  } finally {
    source.close();
    await session.close();
  }
  context.err.write(`socklens: ${session.summary()}\n`);
}

class RecordSession {
  readonly request: TickRequest;
  readonly #source: SampleSource;
  readonly #options: RecordOptions;
  #maker: RecordingMaker | undefined;
  #file: RecordingFile | undefined;
  #isFull: boolean;
  #ticks = 0;

  constructor(source: SampleSource, options: RecordOptions) {
    this.#source = source;
    this.#options = options;
    this.#isFull = options.isFull ?? true;
    this.request = {
      isForeground: () => this.#isFull,
      query: () => ({ ...everySocket(), tcpInfo: true }),
      processes: 'kinds',
      allCounters: true,
      closed: (_, closed) => this.#maker?.closed(closed),
    };
  }

  async add(tick: Tick): Promise<void> {
    if (this.#maker === undefined) this.#begin(tick);
    await this.#maker?.add(tick, this.#source);
    await this.#file?.flush();
    this.#ticks++;
  }

  async close(): Promise<void> {
    this.#maker?.finish(Date.now());
    await this.#file?.close();
  }

  summary(): string {
    const { output } = this.#options;
    if (this.#file === undefined) return `${output}: nothing was recorded`;
    const how = this.#isFull ? '' : ', summary (--full reads all sockets at every tick)';
    return `${safeText(output)}: ${plural(this.#ticks, 'sample')}, ${sizeText(this.#file.bytes)}${how}`;
  }

  /** The first tick tells how much there is. */
  #begin(tick: Tick): void {
    if (tick.namespaces.length === 0 && this.#options.target !== 'all') {
      throw new Failure('no-target', `${this.#options.target}: it is not there any more`);
    }
    if (this.#options.isFull === undefined) this.#isFull = countSockets(tick) <= CLOSE_UP_TO;
    const { output, redact, target, events } = this.#options;
    this.#file = RecordingFile.create(output, redact);
    this.#maker = new RecordingMaker(this.#file, {
      startedAtMs: tick.atMs,
      intervalMs: this.#source.intervalMs,
      target,
      events,
      closely: this.#isFull,
      redacted: redact,
    });
  }
}

function countSockets({ namespaces }: Tick): number {
  let count = 0;
  for (const { snapshot } of namespaces) {
    snapshot?.sockets.each(() => {
      count++;
    });
  }
  return count;
}
