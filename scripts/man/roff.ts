/** Pieces of a manual page, man(7). All output is ASCII. */
import { wrapWords } from '../../src/base/word-wrap.ts';
import { type MarkdownBlock, parseMarkdown, withoutMarks } from '../../src/render/markdown/parse-markdown.ts';

/** Bytes of a line: mandoc's linter reports longer ones. */
const LINE_WIDTH = 80;

/** Characters that roff would replace or run, and how they are written; groff_char(7). */
const SPECIAL: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  // A terminal without it in its character set would get nothing, and a warning.
  '…': '\\&...',
};

/** Text that is printed as it is. A blank stays one at which a line may break. */
export function roffText(text: string): string {
  return [...text].map((char) => SPECIAL[char] ?? (/[ -~]/.test(char) ? char : unicode(char))).join('');
}

function unicode(char: string): string {
  return `\\[u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
}

/** Text with code in backticks, as lines: code is bold, and each sentence begins a line. */
export function roffParagraph(text: string): string[] {
  const parts = withoutMarks(text).split('`');
  // An odd part is code.
  const marked = parts.map((part, index) => (index % 2 === 1 ? `\\fB${roffText(part)}\\fR` : roffText(part)));
  return marked
    .join('')
    .split(/(?<=[.!?]\)?) /)
    .flatMap((sentence) => wrapWords(sentence, LINE_WIDTH))
    .map(protectedLine);
}

/** A heading within a section of man(7), or a section. */
export function heading(macro: 'SH' | 'SS', text: string): string {
  return `.${macro} "${roffText(text).replaceAll('"', '\\(dq')}"`;
}

/** A term and its description, indented below it. */
export function tagged(term: string, description: readonly string[]): string[] {
  return ['.TP', `\\fB${roffText(term)}\\fR`, ...description];
}

/** Lines that are printed as they are. */
export function literal(lines: readonly string[]): string[] {
  return ['.PP', '.RS 4', '.nf', ...lines.map((line) => protectedLine(roffText(line))), '.fi', '.RE'];
}

/** A control character at the beginning of a line would make it a request. */
function protectedLine(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/**
 * The section of a Markdown page below a heading, up to the next heading of its level.
 *
 * @throws {Error} where the page has no such section
 */
export function sectionOf(markdown: string, title: string): MarkdownBlock[] {
  const blocks = parseMarkdown(markdown);
  const start = blocks.findIndex((block) => block.kind === 'heading' && block.text === title);
  if (start < 0) throw new Error(`there is no section "${title}"`);
  const rest = blocks.slice(start + 1);
  const end = rest.findIndex((block) => block.kind === 'heading');
  return end < 0 ? rest : rest.slice(0, end);
}

/**
 * Blocks of Markdown as lines of a manual page. A table becomes terms with descriptions.
 *
 * @throws {Error} for a table with more than two columns
 */
export function roffBlocks(blocks: readonly MarkdownBlock[]): string[] {
  return blocks.flatMap(roffBlock);
}

function roffBlock(block: MarkdownBlock): string[] {
  switch (block.kind) {
    case 'heading':
      return [heading('SS', withoutMarks(block.text))];
    case 'paragraph':
      return ['.PP', ...roffParagraph(block.text)];
    case 'item':
      return ['.IP \\(bu 2', ...roffParagraph(block.text)];
    case 'code':
      return literal(block.lines);
    case 'table':
      return block.rows.slice(1).flatMap((row) => {
        const [term = '', description = '', ...more] = row;
        if (more.length > 0)
          throw new Error(`the manual page has no table of ${row.length} columns: ${row.join(' | ')}`);
        return tagged(term.replaceAll('`', ''), roffParagraph(description));
      });
    case 'blank':
      return [];
  }
}
