/** A row of a text that was broken at blanks. */
export interface WrappedRow {
  text: string;
  /** Whether it is the first one: the others are indented. */
  first: boolean;
}

/** Breaks a text at blanks into rows of at most `width` characters; a longer word has a row of its own. */
export function wrapped(text: string, width: number): WrappedRow[] {
  const rows: WrappedRow[] = [];
  let row = '';
  for (const word of text.split(' ')) {
    if (row !== '' && row.length + 1 + word.length > width) {
      rows.push({ text: row, first: rows.length === 0 });
      row = word;
    } else row = row === '' ? word : `${row} ${word}`;
  }
  rows.push({ text: row, first: rows.length === 0 });
  return rows;
}
