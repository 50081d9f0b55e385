import { command } from '../command.ts';
import { formatOf, outputOptions } from '../options.ts';

export const compareCommand = command({
  brief: 'Compare two recordings or guard reports: what got better, what got worse',
  options: outputOptions,
  operands: {
    fixed: [
      { placeholder: 'BEFORE', brief: 'a recording, or a guard report (FILE.json)' },
      { placeholder: 'AFTER', brief: 'another one' },
    ],
  },
  examples: [
    ['compare before.slr after.slr', 'two recordings'],
    ['compare old.json new.json --json', 'two guard reports, for a script'],
  ],
  load: async () => {
    const { compare } = await import('./compare.ts');
    return async ({ flow }, options, [before = '', after = '']) =>
      compare(flow, { before, after, format: formatOf(options) });
  },
});
