import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { TEXTS } from '../texts.ts';
import { recordedFlags, recordedFrom } from './recorded-flags.ts';
import { flag, formatOf, type OutputFlags, outputFlags } from './shared-flags.ts';

interface Flags extends OutputFlags {
  all?: boolean;
  numeric?: boolean;
  from?: string;
  at?: string;
}

export const psCommand = buildCommand<Flags, [], CliContext>({
  docs: { brief: TEXTS.ps },
  parameters: {
    flags: {
      all: flag(TEXTS.all),
      numeric: flag(TEXTS.numeric),
      ...recordedFlags,
      ...outputFlags,
    },
    aliases: { a: 'all', n: 'numeric' },
  },
  loader: async () => {
    const { ps } = await import('../../flows/ps.ts');
    return async function (flags) {
      const from = await recordedFrom(flags);
      await ps(this.flow, { all: flags.all ?? false, numeric: flags.numeric ?? false, format: formatOf(flags), from });
    };
  },
});
