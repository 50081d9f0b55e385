import { wrapWords } from '../base/word-wrap.ts';
import { EVERY_COMMAND, exampleLines, helpTable, sections } from '../commands/command-help.ts';
import { TASKS, VERBS, WORDS } from './verbs.ts';

/** Command lines to begin with. */
export const OVERVIEW_EXAMPLES = [
  ['', 'every container, a line for each'],
  ['ls web-1 --by state,peer', 'what it is connected to'],
  ['doctor', 'what is wrong, and the fix'],
] as const;

/** What `socklens --help` prints. */
export function overviewHelp(): string {
  const groups = TASKS.map(([task, title]) => {
    const rows = Object.entries(VERBS).flatMap(([name, { docs }]) =>
      docs.task === task ? [[name.padEnd(NAME_WIDTH), docs.brief] as const] : [],
    );
    const words = Object.entries(WORDS).map(([name, brief]) => [name.padEnd(NAME_WIDTH), brief] as const);
    return [title, helpTable(task === 'shell' ? [...rows, ...words] : rows)] as const;
  });
  return sections([
    ['', wrapWords('socklens: shows and explains the sockets inside containers, from the host', 80)],
    ['USAGE', ['  socklens [COMMAND] [OPTIONS]    (ps without a COMMAND)']],
    ...groups,
    ['EXAMPLES', exampleLines(OVERVIEW_EXAMPLES)],
    ['OPTIONS OF EVERY COMMAND', helpTable(EVERY_COMMAND)],
  ]);
}

/** The same in all groups. */
const NAME_WIDTH = Math.max(...Object.keys(VERBS).map((name) => name.length));
