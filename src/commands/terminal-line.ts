import { cutToWidth } from '../base/display-width.ts';
import { safeText } from '../base/safe-text.ts';
import type { Output } from './context.ts';

/** Columns that stay free: the terminal echoes Ctrl-C as `^C`, which would begin another line. */
const ECHO = 3;
const ERASE = '\r\u001b[2K';

/**
 * A line at the cursor of a terminal that is drawn over itself and erased before anything else is written there. On an
 * output that is not a terminal nothing is written.
 */
export class TerminalLine {
  readonly #out: Output;
  #isDrawn = false;

  constructor(out: Output) {
    this.#out = out;
  }

  /** Whether the line can be seen. */
  get isOn(): boolean {
    return this.#out.columns !== undefined;
  }

  /** Terminal columns that a text may take. */
  get width(): number {
    return (this.#out.columns ?? 0) - ECHO;
  }

  /** Draws a text, cut to {@link width}, in place of the last one. */
  draw(text: string): void {
    if (!this.isOn) return;
    this.#out.write(`${this.#isDrawn ? ERASE : ''}${cutToWidth(safeText(text), this.width)}`);
    this.#isDrawn = true;
  }

  erase(): void {
    if (this.#isDrawn) this.#out.write(ERASE);
    this.#isDrawn = false;
  }
}
