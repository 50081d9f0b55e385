import { buildCommand } from '@stricli/core';
import { Failure } from '../../model/failure.ts';
import type { CliContext } from '../context.ts';
import { parseTime } from '../durations.ts';
import { TEXTS } from '../texts.ts';
import { flag, formatOf, type OutputFlags, outputFlags, targetAndFilter } from './shared-flags.ts';

interface Flags extends OutputFlags {
  set?: string;
  yes?: boolean;
  for?: number;
  interval?: number;
}

export const limitsCommand = buildCommand<Flags, string[], CliContext>({
  docs: { brief: TEXTS.limits, fullDescription: `${TEXTS.limits}.\n\nTARGET is ${TEXTS.target}.` },
  parameters: {
    flags: {
      set: { kind: 'parsed', parse: String, brief: TEXTS.setLimit, optional: true, placeholder: 'nofile=SOFT[:HARD]' },
      yes: flag(TEXTS.yes),
      for: { kind: 'parsed', parse: parseTime, brief: TEXTS.limitsFor, optional: true, placeholder: 'TIME' },
      interval: { kind: 'parsed', parse: parseTime, brief: TEXTS.limitsInterval, optional: true, placeholder: 'TIME' },
      ...outputFlags,
    },
    aliases: { y: 'yes' },
    positional: { kind: 'array', parameter: { brief: TEXTS.target, parse: String, placeholder: 'TARGET' } },
  },
  loader: async () => {
    const [{ limits }, { setLimits }] = await Promise.all([
      import('../../flows/limits.ts'),
      import('../../flows/set-limits.ts'),
    ]);
    return async function (flags, ...words) {
      const { target, filter } = targetAndFilter('limits', words);
      if (filter !== '') throw new Failure('usage', `limits: one TARGET, several with commas; "${filter}" is too much`);
      const format = formatOf(flags);
      const { set, for: forMs, interval: intervalMs } = flags;
      if (set === undefined) return limits(this.flow, { target, forMs, intervalMs, format });
      if (forMs !== undefined || intervalMs !== undefined) {
        throw new Failure('usage', 'limits: --set changes limits and --for looks at them: one at a time');
      }
      await setLimits(this.flow, { target, setting: set, yes: flags.yes ?? false, format });
    };
  },
});
