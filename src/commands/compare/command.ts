import { command } from '../command.ts';
import { json } from '../options.ts';

export const compareCommand = command({
  brief: 'Compare two recordings or guard reports: what got better, what got worse',
  options: { json },
  operands: {
    fixed: [
      { placeholder: 'BEFORE', brief: 'a recording, or a guard report (FILE.json)' },
      { placeholder: 'AFTER', brief: 'another one' },
    ],
  },
  load: async () => {
    const { compare } = await import('./compare.ts');
    return async ({ flow }, { json }, [before = '', after = '']) =>
      compare(flow, { before, after, format: json ? 'json' : 'text' });
  },
});
