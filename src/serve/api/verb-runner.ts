import type { StopSignal } from '../../base/stop-signal.ts';
import { Failure, type FailureKind } from '../../model/failure.ts';

/** What a command printed. */
export interface VerbOutput {
  /** Its exit status. */
  status: number;
  out: string;
  err: string;
}

/** Runs a command of the command line in this process. */
export type RunVerb = (args: readonly string[], stop: StopSignal) => Promise<VerbOutput>;

/** Commands that run at once, and that wait. */
const AT_ONCE = 4;
const WAITING = 32;

/** Exit statuses of the command line, other than those of an answer. */
const KINDS: Readonly<Record<number, FailureKind>> = {
  2: 'usage',
  3: 'no-target',
  4: 'not-permitted',
  5: 'unsupported',
  74: 'io',
};

/** Answers requests with what the command line prints. */
export class VerbRunner {
  readonly #run: RunVerb;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(run: RunVerb) {
    this.#run = run;
  }

  /**
   * The document that a command prints.
   *
   * @param args with `--json`
   * @param stop ends it early
   * @throws {Failure} as the command does
   * @throws {Busy}
   */
  async document(args: readonly string[], stop: StopSignal): Promise<string> {
    await this.#turn();
    try {
      const { status, out, err } = await this.#run(args, stop);
      // 1: the doctor found something.
      if (status <= 1) return out.trimEnd();
      const [message = '', ...details] = err
        .trimEnd()
        .replace(/^socklens: /, '')
        .split('\n');
      throw new Failure(KINDS[status] ?? 'fault', message, { details });
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#waiting.length >= WAITING) throw new Busy();
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
  }
}

/** More requests at once than are answered. */
export class Busy extends Error {
  override readonly name = 'Busy';
}
