/** How a piece of text looks; what has no style is plain. */
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

/** A piece of a line. Its text is safe for a terminal and has no line break. */
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

/** What happens at a terminal. */
export type ScreenEvent = { kind: 'key'; key: string } | { kind: 'resize' };

/** A terminal that is used as a whole, and given back as it was. */
export interface Screen {
  readonly size: Size;
  /** Whether colours tell things apart. */
  readonly colour: boolean;
  /** Shows lines, as many as there are rows, none of them wider than the columns. */
  show(lines: readonly Line[]): void;
  /** Gives the terminal back; can be called twice. */
  close(): Promise<void>;
}
