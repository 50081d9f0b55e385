import { buildCommand } from '@stricli/core';
import { Failure } from '../../model/failure.ts';
import type { CliContext } from '../context.ts';
import { parseTime } from '../durations.ts';
import { TEXTS } from '../texts.ts';
import { flag, manyTexts, text } from './shared-flags.ts';
import { parseInterval } from './stream-flags.ts';

interface Flags {
  budget?: readonly string[];
  pool?: readonly string[];
  serverLimit?: readonly string[];
  descriptors?: string;
  noLeaks?: boolean;
  for?: number;
  interval?: number;
  report?: readonly string[];
  set?: readonly string[];
  config?: string;
  noEvents?: boolean;
  noStatus?: boolean;
  numeric?: boolean;
}

export const guardCommand = buildCommand<Flags, string[], CliContext>({
  docs: {
    brief: TEXTS.guard,
    fullDescription: `${TEXTS.guard}.\n\nTARGET is ${TEXTS.target}.\n${TEXTS.guardFull}`,
    customUsage: ["TARGET --budget 'BUDGET' [--report FILE] -- COMMAND ARGS"],
  },
  parameters: {
    flags: {
      budget: manyTexts(TEXTS.budget, 'BUDGET'),
      pool: manyTexts(TEXTS.guardPool, 'HOST:PORT=N'),
      descriptors: text(TEXTS.guardDescriptors, 'N%'),
      noLeaks: flag(TEXTS.noLeaks),
      for: { kind: 'parsed', parse: parseTime, brief: TEXTS.guardFor, optional: true, placeholder: 'TIME' },
      interval: { kind: 'parsed', parse: parseInterval, brief: TEXTS.interval, optional: true, placeholder: 'TIME' },
      report: manyTexts(TEXTS.report, 'FILE'),
      set: manyTexts(TEXTS.setRule, 'RULE.SETTING=VALUE'),
      serverLimit: manyTexts(TEXTS.serverLimit, 'HOST:PORT=N'),
      config: text(TEXTS.config, 'FILE'),
      noEvents: flag(TEXTS.noEvents),
      noStatus: flag(TEXTS.noStatus),
      numeric: flag(TEXTS.numeric),
    },
    aliases: { n: 'numeric', b: 'budget' },
    positional: { kind: 'array', parameter: { brief: TEXTS.targets, parse: String, placeholder: 'TARGET' } },
  },
  loader: async () => {
    const [{ guard }, { guardBudgets }, { doctorSettings }, { readConfig }] = await Promise.all([
      import('../../flows/guard/guard.ts'),
      import('../../flows/guard/guard-settings.ts'),
      import('../../flows/doctor-settings.ts'),
      import('../../flows/config.ts'),
    ]);
    return async function (flags, ...targets) {
      const argv = this.behind ?? [];
      if (targets.length === 0) throw new Failure('usage', 'guard: a TARGET is missing (socklens guard --help)');
      if (argv.length === 0) throw new Failure('usage', 'guard: a COMMAND is missing; it stands behind --');
      const config = await readConfig(flags.config);
      const pools = flags.pool ?? [];
      const forms = { pools, descriptors: flags.descriptors, noLeaks: flags.noLeaks ?? false };
      this.process.exitCode = await guard(this.flow, {
        target: targets.join(','),
        argv,
        budgets: guardBudgets(flags.budget ?? [], forms, config),
        reports: flags.report ?? [],
        forMs: flags.for,
        intervalMs: flags.interval ?? 1000,
        events: !flags.noEvents,
        numeric: flags.numeric ?? false,
        status: !flags.noStatus,
        skip: config.doctor?.skip ?? [],
        ...doctorSettings({ set: flags.set ?? [], pools, serverLimits: flags.serverLimit ?? [] }, config),
      });
    };
  },
});
