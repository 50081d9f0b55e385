/** A small model of a terminal: the screen after the escape sequences that the painter uses. */
import { displayWidth } from '../../src/base/display-width.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are the point
const SEQUENCE = /^\x1b\[(\?)?([\d;]*)([A-Za-z])/;

/** Private modes of a terminal when a program starts. */
const INITIAL_MODES: Readonly<Record<string, boolean>> = { 7: true, 25: true, 1049: false, 2004: false, 2026: false };

/** Unknown sequences throw, so that a test covers everything that is sent. */
export class TerminalModel {
  readonly modes: Record<string, boolean> = { ...INITIAL_MODES };
  #columns: number;
  #rows: number;
  /** A cell is a character with its attributes; the right half of a wide character is empty. */
  #cells: string[][] = [];
  #normal: string[][] = [];
  #row = 0;
  #column = 0;
  #attributes = '';

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
    this.#cells = this.#blank();
  }

  /** Sets the size; the text stays at the top left, as in tmux. */
  resize(columns: number, rows: number): void {
    const before = this.#cells;
    this.#columns = columns;
    this.#rows = rows;
    this.#cells = this.#blank().map((line, row) => line.map((cell, column) => before[row]?.[column] ?? cell));
  }

  /** Whether all modes and attributes have their initial values. */
  get isRestored(): boolean {
    return (
      Object.entries(INITIAL_MODES).every(([mode, value]) => this.modes[mode] === value) && this.#attributes === ''
    );
  }

  /** The screen as text, without trailing blanks. */
  lines(): string[] {
    return this.#cells.map((line) =>
      line
        .map((cell) => cell.replace(/^\d[\d;]*m/, ''))
        .join('')
        .trimEnd(),
    );
  }

  /** Cells with attributes, as `SGR:text` for each run. */
  styled(row: number): string[] {
    const runs: string[] = [];
    let before: string | undefined;
    for (const cell of this.#cells[row] ?? []) {
      const [, attributes = '', text = ''] = /^(\d[\d;]*m)?(.*)$/u.exec(cell) ?? [];
      if (attributes !== before && cell !== '') {
        runs.push(`${attributes}:`);
        before = attributes;
      }
      runs[runs.length - 1] += text;
    }
    return runs.filter((run) => !run.startsWith(':'));
  }

  write(output: string): void {
    for (let rest = output; rest !== ''; ) {
      const sequence = SEQUENCE.exec(rest);
      if (sequence !== null) {
        this.#control(sequence[1] === '?', sequence[2] ?? '', sequence[3] ?? '');
        rest = rest.slice(sequence[0].length);
        continue;
      }
      const [character = ''] = rest;
      if (character < ' ') throw new Error(`unexpected control character in ${JSON.stringify(rest.slice(0, 20))}`);
      this.#put(character);
      rest = rest.slice(character.length);
    }
  }

  #control(isPrivate: boolean, parameters: string, final: string): void {
    if (isPrivate && (final === 'h' || final === 'l')) this.#setMode(parameters, final === 'h');
    else if (final === 'H') {
      const [row = 1, column = 1] = parameters.split(';').map((text) => Number(text || 1));
      this.#row = Math.min(row, this.#rows) - 1;
      this.#column = Math.min(column, this.#columns) - 1;
    } else if (final === 'K' && parameters === '') this.#eraseRest();
    else if (final === 'J' && parameters === '2') this.#cells = this.#blank();
    else if (final === 'm') this.#attributes = parameters === '0' ? '' : `${parameters}m`;
    else throw new Error(`unknown sequence CSI ${isPrivate ? '?' : ''}${parameters}${final}`);
  }

  #setMode(mode: string, value: boolean): void {
    if (this.modes[mode] === undefined) throw new Error(`unknown mode ${mode}`);
    if (mode === '1049' && this.modes[mode] !== value) {
      if (value) this.#normal = this.#cells;
      this.#cells = value ? this.#blank() : this.#normal;
    }
    this.modes[mode] = value;
  }

  /** Erases to the end of the line; the cursor stays in the last column after writing it, and that column is erased too. */
  #eraseRest(): void {
    for (let column = Math.min(this.#column, this.#columns - 1); column < this.#columns; column++)
      this.#set(column, ' ');
  }

  #put(character: string): void {
    const width = displayWidth(character);
    if (this.#column + width > this.#columns) {
      if (this.modes['7']) throw new Error(`the terminal would wrap in row ${this.#row}`);
      this.#column = this.#columns - width;
    }
    this.#set(this.#column, this.#attributes + character);
    for (let more = 1; more < width; more++) this.#set(this.#column + more, '');
    this.#column += width;
  }

  #set(column: number, cell: string): void {
    const line = this.#cells[this.#row];
    if (line !== undefined) line[column] = cell;
  }

  #blank(): string[][] {
    return Array.from({ length: this.#rows }, () => Array.from({ length: this.#columns }, () => ' '));
  }
}
