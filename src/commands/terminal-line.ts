import { cutToWidth } from '../base/display-width.ts';
import { safeText } from '../base/safe-text.ts';
import type { Output } from './context.ts';

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

  /** Draws a text, cut to the terminal, in place of the last one. */
  draw(text: string): void {
    const { columns } = this.#out;
    if (columns === undefined) return;
    this.#out.write(`${this.#isDrawn ? ERASE : ''}${cutToWidth(safeText(text), columns - 1)}`);
    this.#isDrawn = true;
  }

  erase(): void {
    if (this.#isDrawn) this.#out.write(ERASE);
    this.#isDrawn = false;
  }
}
