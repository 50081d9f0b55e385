import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { TEXTS } from '../texts.ts';
import { formatOf, outputFlags } from './shared-flags.ts';

interface Flags {
  all: boolean;
  numeric: boolean;
  json: boolean;
  ndjson: boolean;
}

export const psCommand = buildCommand<Flags, [], CliContext>({
  docs: { brief: TEXTS.ps },
  parameters: {
    flags: {
      all: { kind: 'boolean', brief: TEXTS.all, default: false, withNegated: false },
      numeric: { kind: 'boolean', brief: TEXTS.numeric, default: false, withNegated: false },
      ...outputFlags,
    },
    aliases: { a: 'all', n: 'numeric' },
  },
  loader: async () => {
    const { ps } = await import('../../flows/ps.ts');
    return async function (flags) {
      await ps(this.flow, { all: flags.all, numeric: flags.numeric, format: formatOf(flags) });
    };
  },
});
