import { safeText } from '../../base/safe-text.ts';
import type { CommandContext } from '../context.ts';
import { wholeSeconds } from '../countdown.ts';
import { TerminalLine } from '../terminal-line.ts';
import type { LiveState } from './guard-run.ts';

const NEWLINE = 10;

/**
 * A status line at the bottom of a terminal, below the output of the command. That output passes through here:
 * the status line is erased before it and drawn again after it, but only where the output ended with a newline,
 * so that it never splits a line. Without a terminal there is no status line, and the command inherits the
 * descriptors of socklens.
 */
export class StatusLine {
  /** Which streams of the command must pass through here. */
  readonly pipes: { stdout: boolean; stderr: boolean };
  readonly #context: CommandContext;
  readonly #on: boolean;
  readonly #line: TerminalLine;
  #text = '';
  #lineEnded = true;

  constructor(context: CommandContext, wanted: boolean) {
    this.#context = context;
    this.#line = new TerminalLine(context.err);
    this.#on = wanted && this.#line.isOn;
    this.pipes = { stdout: this.#on && context.out.columns !== undefined, stderr: this.#on };
  }

  /** Forwards output of the command. */
  pass(fd: 1 | 2, bytes: Uint8Array): void {
    this.#line.erase();
    (fd === 1 ? this.#context.out : this.#context.err).write(bytes);
    if (bytes.length > 0) this.#lineEnded = bytes.at(-1) === NEWLINE;
    this.#draw();
  }

  /** Prints a message on its own line. */
  print(text: string): void {
    this.#line.erase();
    this.#context.err.write(`${this.#on && !this.#lineEnded ? '\n' : ''}socklens: ${safeText(text)}\n`);
    this.#lineEnded = true;
    this.#draw();
  }

  /** Updates the status line. @param state called only when there is one */
  show(state: () => LiveState): void {
    if (!this.#on) return;
    this.#text = guardStatus(state());
    this.#draw();
  }

  /** Removes the status line; an unfinished line of the command is ended. */
  clear(): void {
    this.#line.erase();
    this.#text = '';
    if (!this.#on || this.#lineEnded) return;
    this.#lineEnded = true;
    this.#context.err.write('\n');
  }

  #draw(): void {
    if (this.#on && this.#text !== '' && this.#lineEnded) this.#line.draw(this.#text);
  }
}

/** The status line of a running guard. */
function guardStatus({ seconds, budgets, doing }: LiveState): string {
  const shown = budgets.filter(({ worst, origin }) => worst !== undefined && origin !== 'always');
  // Broken ones first: the line may be cut.
  const ordered = [...shown].sort((a, b) => Number(b.verdict === 'broken') - Number(a.verdict === 'broken'));
  const parts = ordered.map(
    ({ budget, worst, unit, verdict }) =>
      `${verdict === 'broken' ? 'BROKEN ' : ''}${budget}: ${worst?.value}${unit ?? ''}`,
  );
  return [`guard ${wholeSeconds(seconds * 1000)}`, ...(doing === undefined ? [] : [doing]), ...parts].join(' | ');
}
