/** The style of a piece of text; text without one is plain. */
export type Style =
  | 'bold'
  | 'dim'
  | 'heading'
  | 'sorted'
  | 'selected'
  | 'key'
  | 'label'
  | 'good'
  | 'warning'
  | 'bad'
  | 'established'
  | 'listen'
  | 'time-wait'
  | 'close-wait'
  | 'opening'
  | 'closing'
  | 'other';

/** A piece of a line. Its text is safe for a terminal (no control characters, no line break). */
export interface Span {
  text: string;
  style?: Style;
}

/** A line of a screen, from left to right. */
export type Line = readonly Span[];

/** Columns and rows of a terminal. */
export interface Size {
  columns: number;
  rows: number;
}

/** An event of a terminal. */
export type ScreenEvent =
  /** A key: its name (`up`, `f6`, `enter`), or the character itself. */
  | { kind: 'key'; key: string }
  /** Text that was pasted, as one piece; may contain line breaks and control characters. */
  | { kind: 'paste'; text: string }
  /** The size changed, or the terminal must be drawn again. */
  | { kind: 'resize' }
  /** The terminal was closed: its input ended, or writing failed. */
  | { kind: 'closed' };

/** A terminal in full-screen mode. */
export interface Screen {
  readonly size: Size;
  /** Whether colours are used; false for NO_COLOR. */
  readonly colour: boolean;
  /** Shows a frame; lines beyond the size are cut, missing ones are blank. */
  show(lines: readonly Line[]): void;
  /** Restores the terminal as it was before; safe to call twice. */
  close(): void;
}
