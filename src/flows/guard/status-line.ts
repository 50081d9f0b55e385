import { safeText } from '../../base/safe-text.ts';
import { guardStatus } from '../../present/guard-status.ts';
import type { FlowContext } from '../context.ts';
import type { LiveState } from './guard-run.ts';

const ERASE = '\r\u001b[2K';
const NEWLINE = 10;

/**
 * A line at the bottom of a terminal, below what the command writes. All that the command writes to the
 * terminal comes through here: the line is taken away before it and drawn again behind it, and only where a
 * line of the command has ended, so that it never stands within one. Without a terminal there is none,
 * and the command has socklens's own descriptors.
 */
export class StatusLine {
  /** What the command must not write by itself. */
  readonly pipes: { stdout: boolean; stderr: boolean };
  readonly #context: FlowContext;
  readonly #on: boolean;
  #text = '';
  #drawn = false;
  #lineEnded = true;

  constructor(context: FlowContext, wanted: boolean) {
    this.#context = context;
    this.#on = wanted && context.err.columns !== undefined;
    this.pipes = { stdout: this.#on && context.out.columns !== undefined, stderr: this.#on };
  }

  /** Passes on what the command wrote. */
  pass(fd: 1 | 2, bytes: Uint8Array): void {
    this.#erase();
    (fd === 1 ? this.#context.out : this.#context.err).write(bytes);
    if (bytes.length > 0) this.#lineEnded = bytes.at(-1) === NEWLINE;
    this.#draw();
  }

  /** Tells something at once, in a line of its own. */
  tell(text: string): void {
    this.#erase();
    this.#context.err.write(`${this.#on && !this.#lineEnded ? '\n' : ''}socklens: ${safeText(text)}\n`);
    this.#lineEnded = true;
    this.#draw();
  }

  /** @param state made only where it is shown */
  show(state: () => LiveState): void {
    if (!this.#on) return;
    this.#erase();
    this.#text = guardStatus(state(), (this.#context.err.columns ?? 80) - 1);
    this.#draw();
  }

  /** Takes it away; a line that the command has not ended is ended. */
  clear(): void {
    this.#erase();
    this.#text = '';
    if (!this.#on || this.#lineEnded) return;
    this.#lineEnded = true;
    this.#context.err.write('\n');
  }

  #erase(): void {
    if (this.#drawn) this.#context.err.write(ERASE);
    this.#drawn = false;
  }

  #draw(): void {
    if (!this.#on || this.#text === '' || !this.#lineEnded) return;
    this.#context.err.write(this.#text);
    this.#drawn = true;
  }
}
