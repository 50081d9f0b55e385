import { buildApplication, buildRouteMap, run } from '@stricli/core';
import { describe, expect, it } from 'vitest';
import { argumentError } from '../../../src/cli/argument-error.ts';
import { command } from '../../../src/commands/command.ts';
import { commandHelp } from '../../../src/commands/command-help.ts';
import type { CliContext } from '../../../src/commands/context.ts';
import { option, type ValuesOf } from '../../../src/commands/option.ts';

const options = {
  all: option.boolean('Everything', { letter: 'a' }),
  old: option.boolean('An old spelling', { hidden: true }),
  for: option.duration('How long'),
  set: option.texts('NAME=VALUE', 'A setting; repeatable'),
  output: option.text('FILE', 'Where to', { letter: 'o' }),
};

/** Runs a command with these options. @returns what its implementation got, and what was printed */
async function parse(...args: string[]) {
  let got: { options: ValuesOf<typeof options>; words: readonly string[] } | undefined;
  let printed = '';
  const print = {
    write(text: string) {
      printed += text;
    },
  };
  const verb = command({
    task: 'look',
    brief: 'A verb',
    examples: [['verb web', 'one']],
    options,
    operands: { many: { placeholder: 'TARGET', brief: 'what' }, usage: 'TARGET...' },
    load: async () => (_context, values, words) => {
      got = { options: values, words };
    },
  });
  const app = buildApplication(buildRouteMap({ routes: { verb: verb.route }, docs: { brief: 'Test' } }), {
    name: 'test',
    scanner: { caseStyle: 'allow-kebab-for-camel' },
  });
  const process = { stdout: print, stderr: print, env: { STRICLI_NO_COLOR: '1' } };
  await run(app, ['verb', ...args], { process } as unknown as CliContext);
  return { ...got, printed, help: commandHelp('verb', verb.docs) };
}

describe('command', () => {
  it('gives an option that is absent its neutral value', async () => {
    const { options, words } = await parse();
    expect(options).toEqual({ all: false, old: false, for: undefined, set: [], output: undefined });
    expect(words).toEqual([]);
  });

  it('parses long and short options, repeated ones, and operands', async () => {
    const { options, words } = await parse('-a', 'web', '--for', '5s', '--set', 'a=1', '--set', 'b=2', '-o', 'f', 'db');
    expect(options).toEqual({ all: true, old: false, for: 5000, set: ['a=1', 'b=2'], output: 'f' });
    expect(words).toEqual(['web', 'db']);
  });

  it('accepts a hidden option, which help does not show', async () => {
    expect((await parse('--old')).options?.old).toBe(true);
    const { help } = await parse();
    expect(help).toContain('  -a, --all             Everything\n');
    expect(help).toContain('  -o, --output FILE     Where to\n');
    expect(help).toContain('      --set NAME=VALUE  A setting; repeatable\n');
    expect(help).not.toContain('--old');
  });
});

describe('argumentError', () => {
  it('leaves the message of any other error as it is', () => {
    expect(argumentError(new Error('plain'), 'socklens ls')).toBe('plain');
  });
});
