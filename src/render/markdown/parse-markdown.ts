/** A block of a Markdown page. Texts are one line each; marks inside them are as written. */
export type MarkdownBlock =
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'item'; text: string }
  | { kind: 'code'; lines: readonly string[] }
  /** Cells by row; the first row is the heading. */
  | { kind: 'table'; rows: readonly (readonly string[])[] }
  /** An empty line. */
  | { kind: 'blank' };

/**
 * The blocks of a Markdown page. Only what the pages of this project contain is known: no lists within lists, no quotes,
 * no HTML.
 */
export function parseMarkdown(markdown: string): MarkdownBlock[] {
  const blocks: MarkdownBlock[] = [];
  const source = markdown.trimEnd().split('\n');
  for (let at = 0; at < source.length; ) {
    const line = source[at] ?? '';
    /** The lines from here on that match, without moving past the first. */
    const block = (isPart: (text: string) => boolean) => {
      const start = at++;
      while (at < source.length && isPart(source[at] ?? '')) at++;
      return source.slice(start, at);
    };
    const heading = /^(#+) (.*)/.exec(line);
    if (heading !== null) {
      blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, text: heading[2] ?? '' });
      at++;
    } else if (line.startsWith('```')) {
      blocks.push({ kind: 'code', lines: block((text) => !text.startsWith('```')).slice(1) });
      at++;
    } else if (line.startsWith('|')) {
      const rows = block((text) => text.startsWith('|')).filter((row) => !/^\|[\s|:-]+\|$/.test(row));
      blocks.push({ kind: 'table', rows: rows.map(cellsOf) });
    } else if (line.startsWith('* ')) {
      const item = block((text) => /^ +\S/.test(text)).map((text) => text.trim());
      blocks.push({ kind: 'item', text: item.join(' ').slice(2) });
    } else if (line.trim() === '') {
      blocks.push({ kind: 'blank' });
      at++;
    } else {
      const paragraph = block((text) => text.trim() !== '' && !/^(#|\||\* |```)/.test(text));
      blocks.push({ kind: 'paragraph', text: paragraph.join(' ') });
    }
  }
  return blocks;
}

/** Text without the marks of emphasis and links; code in backticks keeps them. */
export function withoutMarks(text: string): string {
  return text.replace(/\*\*(.+?)\*\*/g, '$1').replace(/\[([^\]]+)\]\([^)]+\)/g, '$1');
}

/** The cells of a row; a bar in backticks, or after a backslash, is part of its cell. */
function cellsOf(row: string): string[] {
  const cells: string[] = [];
  let text = '';
  let isCode = false;
  const inner = row.trim().replace(/^\||\|$/g, '');
  for (let at = 0; at < inner.length; at++) {
    const char = inner[at] as string;
    if (char === '\\' && inner[at + 1] === '|') text += inner[++at];
    else if (char === '|' && !isCode) {
      cells.push(text.trim());
      text = '';
    } else {
      if (char === '`') isCode = !isCode;
      text += char;
    }
  }
  return [...cells, text.trim()];
}
