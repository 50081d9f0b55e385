import { cutToWidth } from '../../base/display-width.ts';
import { durationText } from '../../base/duration.ts';
import { safeText } from '../../base/safe-text.ts';
import type { BudgetResult } from '../../model/report/guard.ts';
import type { CommandContext } from '../context.ts';
import type { LiveState } from './guard-run.ts';

const ERASE = '\r\u001b[2K';
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
  #text = '';
  #drawn = false;
  #lineEnded = true;

  constructor(context: CommandContext, wanted: boolean) {
    this.#context = context;
    this.#on = wanted && context.err.columns !== undefined;
    this.pipes = { stdout: this.#on && context.out.columns !== undefined, stderr: this.#on };
  }

  /** Forwards output of the command. */
  pass(fd: 1 | 2, bytes: Uint8Array): void {
    this.#erase();
    (fd === 1 ? this.#context.out : this.#context.err).write(bytes);
    if (bytes.length > 0) this.#lineEnded = bytes.at(-1) === NEWLINE;
    this.#draw();
  }

  /** Prints a message on its own line. */
  print(text: string): void {
    this.#erase();
    this.#context.err.write(`${this.#on && !this.#lineEnded ? '\n' : ''}socklens: ${safeText(text)}\n`);
    this.#lineEnded = true;
    this.#draw();
  }

  /** Updates the status line. @param state called only when there is one */
  show(state: () => LiveState): void {
    if (!this.#on) return;
    this.#erase();
    this.#text = guardStatus(state(), (this.#context.err.columns ?? 80) - 1);
    this.#draw();
  }

  /** Removes the status line; an unfinished line of the command is ended. */
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

/** The status line of a running guard, at most `width` characters. */
function guardStatus(
  { seconds, budgets, doing }: { seconds: number; budgets: readonly BudgetResult[]; doing?: string },
  width: number,
): string {
  const shown = budgets.filter(({ worst, origin }) => worst !== undefined && origin !== 'always');
  // Broken ones first: the line may be cut.
  const ordered = [...shown].sort((a, b) => Number(b.verdict === 'broken') - Number(a.verdict === 'broken'));
  const parts = ordered.map(
    ({ budget, worst, unit, verdict }) =>
      `${verdict === 'broken' ? 'BROKEN ' : ''}${budget}: ${worst?.value}${unit ?? ''}`,
  );
  const head = `guard ${durationText(Math.max(1, Math.round(seconds)) * 1000)}`;
  const text = safeText([head, ...(doing === undefined ? [] : [doing]), ...parts].join(' | '));
  return cutToWidth(text, width);
}
