import { execFileSync } from 'node:child_process';
import { run } from '@stricli/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { buildApp } from '../../../src/cli/app.ts';
import { overviewHelp } from '../../../src/cli/overview-help.ts';
import { prepareArguments } from '../../../src/cli/prepare-arguments.ts';
import { isVerb, TASKS, VERBS } from '../../../src/cli/verbs.ts';
import type { Verb } from '../../../src/commands/command.ts';
import { commandHelp } from '../../../src/commands/command-help.ts';
import type { CliContext } from '../../../src/commands/context.ts';
import { parseNetstatArguments } from '../../../src/commands/netstat/arguments.ts';
import { splitOperands } from '../../../src/commands/operands.ts';
import { parseFilter } from '../../../src/filter/parse.ts';
import { parseBudget } from '../../../src/guard/parse-budget.ts';

const verbs: [string, Verb][] = Object.entries(VERBS);
const examples = verbs.flatMap(([verb, { docs }]) => docs.examples.map(([line]): [string, string] => [verb, line]));

afterEach(() => vi.restoreAllMocks());

/** The words of a command line as a shell hands them on. Programs it would run or read from are cut off. */
function shellWords(line: string): string[] {
  const [own = ''] = line.split(/ \| | >(?=~)/);
  const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${own}`], { encoding: 'utf8' });
  return printed.split('\0').slice(0, -1);
}

describe('help', () => {
  test('every command is in one group, in their order', () => {
    const shown = [...overviewHelp().matchAll(/^ {2}(\w+) {2,}\S/gm)].map(([, verb]) => verb).filter(isVerb);
    const tasks = TASKS.map(([task]) => task);
    expect(shown).toEqual(verbs.map(([name]) => name));
    expect(verbs.map(([, { docs }]) => tasks.indexOf(docs.task))).toEqual(
      verbs.map(([, { docs }]) => tasks.indexOf(docs.task)).sort((a, b) => a - b),
    );
  });

  test('the overview fits a terminal of 24 times two lines and 80 columns, and no brief is wrapped', () => {
    const lines = overviewHelp().trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(48);
    expect(lines.filter((line) => line.length > 80 || /^ {14}/.test(line))).toEqual([]);
  });

  test.each(verbs)('%s: no line is wider than 80 columns, no word is cut', (name, { docs }) => {
    const help = commandHelp(name, docs);
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const squeezed = (text: string) => text.replace(/\s+/g, ' ');
    for (const { docs: own } of Object.values(docs.options ?? {}))
      if (!own.isHidden) expect(squeezed(help)).toContain(squeezed(own.brief));
  });

  test.each(examples)('%s: the example "%s" is a valid command line', async (verb, line) => {
    const { args, behind } = prepareArguments(shellWords(line));
    expect(args[0]).toBe(verb);
    if (verb === 'netstat') {
      expect(parseNetstatArguments(args.slice(1)).kind).toBe('run');
      return;
    }
    const { route, docs } = VERBS[verb as keyof typeof VERBS] as Verb;
    const ran = vi.fn();
    vi.spyOn(route, 'loader').mockResolvedValue(ran);
    let printed = '';
    const print = {
      write(text: string) {
        printed += text;
      },
    };
    const process = { stdout: print, stderr: print, env: {} };
    await run(buildApp(verb), args, { process } as unknown as CliContext);
    expect(printed).toBe('');
    expect(ran).toHaveBeenCalledOnce();
    const [flags, ...words] = ran.mock.calls[0] ?? [];
    const { filter } = splitOperands(words.filter((word): word is string => typeof word === 'string'));
    if (filter !== '') expect(JSON.stringify(docs.operands)).toContain('[FILTER]');
    if (filter !== '') parseFilter(filter, 'and-first');
    if (flags.filter !== undefined) parseFilter(flags.filter, 'and-first');
    for (const budget of flags.budget ?? []) parseBudget(budget, '--budget');
    if (verb === 'guard') expect(behind.length).toBeGreaterThan(0);
  });
});
