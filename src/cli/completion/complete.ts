/** `socklens __complete`: what the completion scripts of the shells ask (src/commands/completion/). */
import { type InputCompletion, proposeCompletions } from '@stricli/core';
import { safeText } from '../../base/safe-text.ts';
import type { CliContext, CompletionRequest } from '../../commands/context.ts';
import { buildApp } from '../app.ts';
import { prepareArguments } from '../prepare-arguments.ts';
import { isVerb, VERBS, WORDS } from '../verbs.ts';
import { bashText, readBashLine } from './bash-line.ts';

/**
 * Prints what can stand at the cursor. The first line says how: `closed` (a blank follows), `open` (the word goes on),
 * `files`, `command` (the line after it says how many words come before the command) or `none`; the other lines are
 * values, with a description behind a tab for zsh and fish.
 *
 * @param args `bash LINE WORDBREAKS`, the text before the cursor; `zsh WORD…`, `fish WORD… -- RAW`: the words after
 *   `socklens`, the last one at the cursor
 */
export async function complete(context: CliContext, [shell, ...args]: readonly string[]): Promise<void> {
  const lines = shell === 'bash' ? await completeBash(context, args) : await completeWords(context, shell, args);
  context.flow.out.write(`${lines.join('\n')}\n`);
}

async function completeBash(context: CliContext, [text = '', breaks = '']: readonly string[]): Promise<string[]> {
  const line = readBashLine(text, breaks);
  const from = line.words.findIndex((word) => /(^|\/)socklens$/.test(word));
  const answer = await propose(context, line.words.slice(from + 1));
  if (answer.kind === 'command') return ['command', String(from + 1 + answer.before)];
  if (answer.kind === 'files') return line.isClosed ? ['none'] : ['files'];
  if (line.isClosed) return ['none'];
  const texts = answer.values.flatMap(({ value }) => bashText(value, line) ?? []);
  return [isOpen(answer.values) ? 'open' : 'closed', ...new Set(texts)];
}

async function completeWords(
  context: CliContext,
  shell: string | undefined,
  args: readonly string[],
): Promise<string[]> {
  const words = shell === 'fish' ? fishWords(args) : args;
  const answer = await propose(context, words);
  if (answer.kind === 'command') return ['command', String(1 + answer.before)];
  if (answer.kind === 'files') return ['files'];
  const lines = answer.values.map(({ value, description }) => `${value}\t${description}`);
  return [isOpen(answer.values) ? 'open' : 'closed', ...lines];
}

/** Words before a last `--`, and the word at the cursor as typed, in fish's quotes. */
function fishWords(args: readonly string[]): string[] {
  const raw = args.at(-1) ?? '';
  const current = /^['"]/.test(raw) ? raw.slice(1).replace(/\\(['"\\$])/g, '$1') : raw.replace(/\\(.)/g, '$1');
  return [...args.slice(0, -2), current];
}

interface Value {
  value: string;
  description: string;
}

type Answer =
  | { kind: 'values'; values: readonly Value[] }
  | { kind: 'files' }
  /** The command of `guard`; `before` is the number of words between `socklens` and it. */
  | { kind: 'command'; before: number };

/** Whether the only value is the beginning of a word. */
function isOpen(values: readonly Value[]): boolean {
  return values.length === 1 && /[:/=]$/.test(values[0]?.value ?? '');
}

/** What can stand in place of the last word. */
async function propose(context: CliContext, words: readonly string[]): Promise<Answer> {
  const before = words.slice(0, -1);
  const partial = words.at(-1) ?? '';
  const [verb] = before;
  if (verb === undefined && !partial.startsWith('-')) return commandNames(partial);
  if (verb === 'help') return before.length === 1 ? commandNames(partial) : { kind: 'values', values: [] };
  const end = before.indexOf('--');
  if (verb === 'guard' && end >= 0) return { kind: 'command', before: end + 1 };

  // `--by=state` is one word for the shell, and two for the parser.
  const [, option, value] = /^(--[\w-]+)=(.*)$/s.exec(partial) ?? [];
  const asked = option === undefined ? { before, partial } : { before: [...before, option], partial: value ?? '' };
  const prepared = prepareArguments(asked.before).args;
  const request: CompletionRequest = {
    before: isVerb(prepared[0]) ? prepared.slice(1) : prepared,
    descriptions: new Map(),
    wantsFiles: false,
  };
  const found = await proposeCompletions(buildApp(verb), [...prepared, asked.partial], {
    ...context,
    completion: request,
  });
  if (request.wantsFiles) return { kind: 'files' };
  const shown = isFlagWanted(asked, found) ? found : found.filter(({ kind }) => kind !== 'argument:flag');
  const values = shown
    .filter(({ completion }) => completion !== '--' && safeText(completion) === completion)
    .map(({ kind, completion, brief }) => ({
      value: option === undefined ? completion : `${option}=${completion}`,
      description: safeText(request.descriptions.get(completion) ?? (kind === 'argument:flag' ? brief : '')),
    }));
  return { kind: 'values', values };
}

/** Options are proposed for a dash, and where nothing else can be. */
function isFlagWanted({ partial }: { partial: string }, found: readonly InputCompletion[]): boolean {
  return partial.startsWith('-') || found.every(({ kind }) => kind === 'argument:flag');
}

function commandNames(partial: string): Answer {
  const values = [
    ...Object.entries(VERBS).map(([value, { docs }]) => ({ value, description: docs.brief })),
    ...Object.entries(WORDS).map(([value, description]) => ({ value, description })),
  ];
  return { kind: 'values', values: values.filter(({ value }) => value.startsWith(partial)) };
}
