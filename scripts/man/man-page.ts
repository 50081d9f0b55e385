import manifest from '../../package.json' with { type: 'json' };
import { wrapWords } from '../../src/base/word-wrap.ts';
import { OVERVIEW_EXAMPLES } from '../../src/cli/overview-help.ts';
import { TASKS, VERBS, WORDS } from '../../src/cli/verbs.ts';
import type { CommandDocs } from '../../src/commands/command.ts';
import { EVERY_COMMAND, optionRows, paragraphsOf, usageOf } from '../../src/commands/command-help.ts';
import { FILTER_HELP } from '../../src/commands/options.ts';
import { RULE_GROUPS } from '../../src/doctor/catalogue.ts';
import { heading, literal, roffBlocks, roffParagraph, roffText, sectionOf, tagged } from './roff.ts';

/** The pages of docs/ that the manual page has parts of. */
export interface ManSources {
  /** `docs/command-line.md`. */
  commandLine: string;
  /** `docs/filters.md`. */
  filters: string;
  /** Of the page: `2026-11-30`. */
  date: string;
}

/**
 * The manual page socklens(1): every command with its options and examples from the command tree, and TARGETs, FILTERs,
 * statuses, environment and files from the documentation.
 *
 * @returns its source in the language of man(7)
 */
export function manPage({ commandLine, filters, date }: ManSources): string {
  const section = (title: string, page: string, from: string) => [
    heading('SH', title),
    ...roffBlocks(sectionOf(page, from)),
  ];
  const lines = [
    '.\\" Made by scripts/man; changes belong into the command tree and into docs/.',
    `.TH SOCKLENS 1 "${date}" "socklens ${manifest.version}" "User Commands"`,
    heading('SH', 'NAME'),
    ...wrapWords(`socklens \\- ${roffText(lowerFirst(manifest.description))}`, 80),
    heading('SH', 'SYNOPSIS'),
    '\\fBsocklens\\fR [COMMAND] [OPTIONS]',
    '.br',
    '\\fBsocklens\\fR COMMAND \\fB\\-\\-help\\fR',
    heading('SH', 'DESCRIPTION'),
    ...DESCRIPTION.flatMap((text) => ['.PP', ...roffParagraph(text)]),
    ...TASKS.flatMap(([task, title]) => [
      heading('SS', title),
      ...Object.entries(VERBS).flatMap(([name, { docs }]) =>
        docs.task === task ? tagged(name, roffParagraph(docs.brief)) : [],
      ),
      ...(task === 'shell' ? Object.entries(WORDS).flatMap(([word, brief]) => tagged(word, roffParagraph(brief))) : []),
    ]),
    heading('SH', 'COMMANDS'),
    ...Object.entries(VERBS).flatMap(([name, { docs }]) => commandPart(name, docs)),
    heading('SH', 'OPTIONS OF EVERY COMMAND'),
    ...EVERY_COMMAND.flatMap(([form, brief]) => tagged(form.trim(), roffParagraph(brief))),
    ...section('TARGETS', commandLine, 'Targets'),
    ...section('FILTERS', filters, 'Conditions'),
    heading('SS', 'and, or, not'),
    ...roffBlocks(sectionOf(filters, 'and, or, not')),
    ...section('WHOSE SOCKET IT IS', commandLine, 'Whose socket it is'),
    ...section('OUTPUT', commandLine, 'Output'),
    heading('SH', 'RULES OF THE DOCTOR'),
    '.PP',
    ...roffParagraph('`socklens explain RULE` explains a rule and its settings.'),
    ...RULE_GROUPS.flatMap(({ title, rules }) => [
      heading('SS', title),
      ...rules.flatMap((rule) => tagged(rule.name, roffParagraph(rule.title))),
    ]),
    ...section('EXIT STATUS', commandLine, 'Exit status'),
    ...section('ENVIRONMENT', commandLine, 'Environment'),
    ...section('FILES', commandLine, 'Files'),
    heading('SH', 'EXAMPLES'),
    ...examples(OVERVIEW_EXAMPLES),
    heading('SH', 'SEE ALSO'),
    ['ss(8)', 'netstat(8)', 'nsenter(1)', 'ip\\-netns(8)', 'docker(1)', 'podman(1)'].join(',\n'),
  ];
  // A heading begins a paragraph of its own.
  return `${lines.filter((line, index) => line !== '.PP' || !/^\.S[HS] /.test(lines[index - 1] ?? '')).join('\n')}\n`;
}

const DESCRIPTION = [
  "Most container images have no netstat, and the host's netstat shows only the host. socklens queries the kernel from inside a container's network namespace: for all containers at once it shows the sockets, their peers, states and owner processes, and the open descriptors of the fullest process against its limit. It says what is wrong and how to fix it here.",
  'Reading changes nothing in the container: no exec, no injected process, no kernel module. Run it as root on the host; with less it answers with what it may read, and says what is missing. Nothing is sent anywhere.',
];

/** A command: usage, what is told about it, options, examples. */
function commandPart(name: string, docs: CommandDocs): string[] {
  return [
    heading('SS', `socklens ${name} ${usageOf(docs)}`),
    ...['.PP', ...roffParagraph(`${docs.brief}.`)],
    ...paragraphsOf(docs)
      .map(withoutCommonHelp)
      .filter((text) => text !== '')
      .flatMap((text) => ['.PP', ...roffParagraph(text)]),
    ...optionRows(docs)
      .filter(({ name }) => name !== '--help')
      .flatMap(({ form, brief }) => tagged(form.trim(), roffParagraph(brief))),
    ...['.PP', 'Examples:'],
    ...examples(docs.examples),
  ];
}

function examples(list: CommandDocs['examples']): string[] {
  return literal(list.flatMap(([args, shows]) => [`# ${shows}`, `socklens ${args}`.trimEnd()]));
}

/** What help tells about every TARGET and FILTER has sections of its own. */
const COMMON = new Set(sentencesOf(FILTER_HELP.replaceAll('\n', ' ')));

function withoutCommonHelp(paragraph: string): string {
  return sentencesOf(paragraph)
    .filter((sentence) => !COMMON.has(sentence))
    .join(' ');
}

function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?]) /);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
