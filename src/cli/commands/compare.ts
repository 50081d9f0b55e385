import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { TEXTS } from '../texts.ts';
import { outputFlags } from './shared-flags.ts';

interface Flags {
  json?: boolean;
}

export const compareCommand = buildCommand<Flags, [string, string], CliContext>({
  docs: { brief: TEXTS.compare },
  parameters: {
    flags: { json: outputFlags.json },
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: TEXTS.compareBefore, parse: String, placeholder: 'BEFORE' },
        { brief: TEXTS.compareAfter, parse: String, placeholder: 'AFTER' },
      ],
    },
  },
  loader: async () => {
    const { compare } = await import('../../flows/compare.ts');
    return async function (flags, before, after) {
      await compare(this.flow, { before, after, format: flags.json ? 'json' : 'text' });
    };
  },
});
