import { wrapWords } from '../base/word-wrap.ts';
import type { CommandDocs } from './command.ts';
import { type Option, optionName } from './option.ts';

/** Terminal columns that help is written for. */
const HELP_WIDTH = 80;

/** The options that every command has, with what they do. */
export const EVERY_COMMAND = [
  ['-h, --help', 'Print help, of the COMMAND where there is one'],
  ['    --no-color', 'No colours (also: NO_COLOR in the environment)'],
  ['    --debug', 'Print the stack of an internal error'],
] as const;

/** What `socklens VERB --help` prints. */
export function commandHelp(verb: string, docs: CommandDocs): string {
  const options = optionRows(docs);
  return sections([
    ['', wrapWords(`socklens ${verb}: ${lowerFirst(docs.brief)}`, HELP_WIDTH)],
    ['USAGE', wrapWords(usageOf(docs), HELP_WIDTH, `  socklens ${verb} `)],
    ...paragraphsOf(docs).map((text) => ['', wrapWords(text, HELP_WIDTH)] as const),
    ['EXAMPLES', exampleLines(docs.examples)],
    ['OPTIONS', helpTable(options.map(({ form, brief }) => [form, brief]))],
  ]);
}

/** What is told about a command beside its brief. */
export function paragraphsOf({ details = '' }: CommandDocs): string[] {
  return details.split('\n').filter((paragraph) => paragraph !== '');
}

/** Blocks of text with a title and an empty line between them; blocks without lines are left out. */
export function sections(blocks: readonly (readonly [title: string, lines: readonly string[]])[]): string {
  const texts = blocks
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [...(title === '' ? [] : [title]), ...lines].join('\n'));
  return `${texts.join('\n\n')}\n`;
}

/** What follows the command in its usage line. */
export function usageOf({ usage, operands }: CommandDocs): string {
  if (usage !== undefined) return usage;
  if (operands === undefined) return '[OPTIONS]';
  if ('many' in operands) return `${operands.usage} [OPTIONS]`;
  const words = operands.fixed.map(({ placeholder, optional }) => (optional ? `[${placeholder}]` : placeholder));
  return [...words, '[OPTIONS]'].join(' ');
}

/** An option as it is typed, with its value, and what it does. */
export interface OptionRow {
  /** `-t`; undefined for none. */
  letter: string | undefined;
  /** `--by`. */
  name: string;
  /** `KEY,KEY`; undefined for an option without a value. */
  placeholder: string | undefined;
  /** All of it, aligned: `-t, --tcp`, `    --by KEY,KEY`. */
  form: string;
  brief: string;
}

/** The options of a command that are not hidden, with those that every command has. */
export function optionRows({ options = {} }: CommandDocs): OptionRow[] {
  const shown = Object.entries(options).filter(([, { docs }]) => !docs.isHidden);
  return [
    ...shown.map(([name, option]) => optionRow(name, option)),
    { letter: '-h', name: '--help', placeholder: undefined, form: '-h, --help', brief: 'Print this help' },
  ];
}

function optionRow(camel: string, { letter: given, docs: { brief, placeholder } }: Option<unknown>): OptionRow {
  const letter = given === undefined ? undefined : `-${given}`;
  const name = `--${optionName(camel)}`;
  const form = `${letter === undefined ? '    ' : `${letter}, `}${name}${placeholder === undefined ? '' : ` ${placeholder}`}`;
  return { letter, name, placeholder, form, brief };
}

/** Widest first column of a table of help; a wider cell gets a line of its own. */
const MAX_FORM = 26;

/** Two columns, the second one wrapped. */
export function helpTable(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([form]) => (form.length > MAX_FORM ? 0 : form.length)));
  return rows.flatMap(([form, brief]) => {
    const wraps = form.length > width;
    const lines = wrapWords(brief, HELP_WIDTH, `  ${(wraps ? '' : form).padEnd(width)}  `);
    return wraps ? [`  ${form}`, ...lines] : lines;
  });
}

/** Examples, what they show aligned where it fits, else in a line above. */
export function exampleLines(examples: CommandDocs['examples']): string[] {
  const lines = examples.map(([args, shows]) => [`  socklens ${args}`.trimEnd(), shows] as const);
  const width = Math.max(...lines.map(([line]) => line.length));
  const isWide = lines.some(([, shows]) => width + '  # '.length + shows.length > HELP_WIDTH);
  return lines.flatMap(([line, shows]) => (isWide ? [`  # ${shows}`, line] : [`${line.padEnd(width)}  # ${shows}`]));
}

/** A brief after a colon. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
