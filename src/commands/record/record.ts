import { plural } from '../../base/plural.ts';
import { sizeText } from '../../base/size.ts';
import { Failure } from '../../model/failure.ts';
import { recordedSockets } from '../../model/socket/socket-query.ts';
import { openSource, type SourceOptions } from '../../sources/open-source.ts';
import { RecordingMaker } from '../../sources/recorder/recorder.ts';
import { RecordingFile, redacting } from '../../sources/recorder/recording-file.ts';
import { allTo, type SampleSource, type Tick, type TickRequest } from '../../sources/sample-source.ts';
import type { CommandContext } from '../context.ts';
import { withCountdown } from '../countdown.ts';
import { writeNote } from '../notes.ts';
import { TickNotes } from '../tick-notes.ts';

export interface RecordOptions extends SourceOptions {
  target: string;
  /** The file to create. */
  output: string;
  redact: boolean;
  /** Whether all sockets are read at every tick; undefined to decide by their number. */
  isFull: boolean | undefined;
  /** Whether programs of processes are looked at; default true. */
  stacks?: boolean | undefined;
}

/** Maximum number of sockets for which a full recording is the default. */
const FULL_UP_TO_SOCKETS = 10_000;

/** `socklens record`: records samples of the targets into a file. */
export async function record(context: CommandContext, options: RecordOptions): Promise<void> {
  RecordingFile.mayCreate(options.output);
  const stop = context.stopSignal?.();
  const source = await openSource(context.machine, { ...options, host: true });
  const session = new RecordSession(source, options);
  const notes = new TickNotes();
  const waiting = { doing: () => session.progress(), forMs: options.forMs, onStop: 'stop' };
  try {
    await withCountdown(context, waiting, async (writing) => {
      for (;;) {
        const tick = await source.next(session.request, stop);
        if (tick === undefined) break;
        await session.add(tick);
        notes.write(writing, tick);
      }
    });
  } finally {
    source.close();
    await session.close();
  }
  writeNote(context, session.summary());
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
      query: recordedSockets,
      processes: 'kinds',
      allCounters: true,
      events: allTo((_, event) => this.#maker?.event(event)),
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

  /** What was recorded until now. */
  progress(): string {
    const { target, output } = this.#options;
    return `recording ${target}, ${plural(this.#ticks, 'sample')}, ${sizeText(this.#file?.bytes ?? 0)} in ${output}`;
  }

  summary(): string {
    const { output } = this.#options;
    if (this.#file === undefined) return `${output}: nothing was recorded`;
    const how = this.#isFull ? '' : ', summary (--full reads all sockets at every tick)';
    return `${output}: ${plural(this.#ticks, 'sample')}, ${sizeText(this.#file.bytes)}${how}`;
  }

  /** Creates the file; the number of sockets in the first tick decides between a full and a summary recording. */
  #begin(tick: Tick): void {
    if (tick.namespaces.length === 0 && this.#options.target !== 'all') {
      throw new Failure('no-target', `${this.#options.target}: stopped before the first sample`);
    }
    if (this.#options.isFull === undefined) this.#isFull = countSockets(tick) <= FULL_UP_TO_SOCKETS;
    const { output, redact, target, events } = this.#options;
    this.#file = RecordingFile.create(output, redact ? redacting() : undefined);
    const header = {
      startedAtMs: tick.atMs,
      intervalMs: this.#source.intervalMs,
      target,
      events: events !== false,
      ...(this.#source.eventSource !== undefined && { eventSource: this.#source.eventSource }),
      closely: this.#isFull,
      redacted: redact,
    };
    this.#maker = new RecordingMaker(this.#file, header, this.#options.stacks);
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
