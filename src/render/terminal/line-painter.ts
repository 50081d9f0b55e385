import { displayWidth } from '../../base/display-width.ts';
import { fittedLine } from './cell.ts';
import { paint } from './paint.ts';
import type { Line, Size } from './screen.ts';

/**
 * Synchronized output: the terminal draws the text between both at once. Terminals that do not support this
 * private mode ignore it.
 */
const BEGIN_UPDATE = '\x1b[?2026h';
const END_UPDATE = '\x1b[?2026l';

/** EL: erases from the cursor to the end of the line. */
const ERASE_REST = '\x1b[K';

/** Turns frames into the bytes that bring a terminal from the last frame to the next. */
export class LinePainter {
  readonly #colour: boolean;
  /** The rows that the terminal shows; empty when they are unknown. */
  #shown: string[] = [];
  #size: Size = { columns: 0, rows: 0 };

  /** @param colour false for NO_COLOR */
  constructor(colour: boolean) {
    this.#colour = colour;
  }

  /** Forgets what the terminal shows: the next frame is written whole. */
  forget(): void {
    this.#shown = [];
  }

  /**
   * The output for one frame: only rows that changed, or all of them after a change of the size.
   *
   * @param lines cut to the size; rows without a line are blank
   * @returns empty when nothing changed
   */
  update(lines: readonly Line[], size: Size): string {
    if (size.columns !== this.#size.columns || size.rows !== this.#size.rows) this.forget();
    this.#size = size;
    const rows = Array.from({ length: size.rows }, (_, row) => this.#row(lines[row] ?? [], size.columns));
    const changed = rows.flatMap((text, row) => (text === this.#shown[row] ? [] : [`\x1b[${row + 1};1H${text}`]));
    this.#shown = rows;
    return changed.length === 0 ? '' : BEGIN_UPDATE + changed.join('') + END_UPDATE;
  }

  #row(line: Line, columns: number): string {
    const spans = withoutBlankEnd(fittedLine(line, columns));
    const width = spans.reduce((sum, { text }) => sum + displayWidth(text), 0);
    // In the last column the cursor stands on the character just written, which EL would erase.
    return paint(spans, this.#colour) + (width < columns ? ERASE_REST : '');
  }
}

/** A line without the plain blanks at its end. */
function withoutBlankEnd(line: Line): Line {
  const spans = [...line];
  for (let last = spans.at(-1); last !== undefined && last.style === undefined; last = spans.at(-1)) {
    spans.pop();
    const text = last.text.trimEnd();
    if (text === '') continue;
    spans.push({ text });
    break;
  }
  return spans;
}
