import { Failure } from '../../model/failure.ts';
import { command } from '../command.ts';
import { EXIT } from '../errors.ts';
import { option } from '../option.ts';
import { formatOf, outputOptions } from '../options.ts';
import { proposeFiles } from '../proposals.ts';

export const compareCommand = command({
  task: 'test',
  brief: 'Compare two recordings or reports: what got better or worse',
  details: `Worse is a measure that got worse, and a new finding that is a warning or critical.`,
  options: {
    failOn: option.value('worse', 'Exit status 1 when AFTER is worse than BEFORE', parseFailOn, {
      choices: ['worse'],
    }),
    ...outputOptions,
  },
  operands: {
    fixed: [
      { placeholder: 'BEFORE', brief: 'a recording, or a guard report (FILE.json)', propose: proposeFiles },
      { placeholder: 'AFTER', brief: 'another one', propose: proposeFiles },
    ],
  },
  examples: [
    ['compare before.slr after.slr', 'two recordings'],
    ['compare old.json new.json --fail-on worse', 'two guard reports: status 1 for a pipeline'],
    ['compare old.json new.json --json', 'for a script'],
  ],
  load: async () => {
    const { compare } = await import('./compare.ts');
    return async ({ flow, process }, options, [before = '', after = '']) => {
      const isWorse = await compare(flow, { before, after, format: formatOf(options) });
      if (isWorse && options.failOn === 'worse') process.exitCode = EXIT.FOUND;
    };
  },
});

/** @throws {Failure} `usage` for another word */
function parseFailOn(text: string): 'worse' {
  if (text === 'worse') return text;
  throw new Failure('usage', `"${text}" is not possible; write --fail-on worse`);
}
