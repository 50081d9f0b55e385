import { buildCommand } from '@stricli/core';
import { Failure } from '../../model/failure.ts';
import type { CliContext } from '../context.ts';
import { parseTime } from '../durations.ts';
import { TEXTS } from '../texts.ts';
import { flag, text } from './shared-flags.ts';
import { parseInterval } from './stream-flags.ts';

interface Flags {
  output?: string;
  for?: number;
  interval?: number;
  redact?: boolean;
  closely?: boolean;
  lightly?: boolean;
  numeric?: boolean;
  noEvents?: boolean;
}

export const recordCommand = buildCommand<Flags, string[], CliContext>({
  docs: { brief: TEXTS.record, fullDescription: `${TEXTS.record}.\n\nTARGET is ${TEXTS.target}.` },
  parameters: {
    flags: {
      output: text(TEXTS.output, 'FILE'),
      for: { kind: 'parsed', parse: parseTime, brief: TEXTS.for, optional: true, placeholder: 'TIME' },
      interval: { kind: 'parsed', parse: parseInterval, brief: TEXTS.interval, optional: true, placeholder: 'TIME' },
      redact: flag(TEXTS.redact),
      closely: flag(TEXTS.closely),
      lightly: flag(TEXTS.lightly),
      numeric: flag(TEXTS.numeric),
      noEvents: flag(TEXTS.noEvents),
    },
    aliases: { o: 'output', n: 'numeric' },
    positional: { kind: 'array', parameter: { brief: TEXTS.targets, parse: String, placeholder: 'TARGET' } },
  },
  loader: async () => {
    const { record } = await import('../../flows/record.ts');
    return async function (flags, ...targets) {
      const { output, closely, lightly } = flags;
      if (targets.length === 0) throw new Failure('usage', 'record: a TARGET is missing (socklens record --help)');
      if (output === undefined) throw new Failure('usage', 'record: name the file to make with -o FILE');
      if (closely && lightly) throw new Failure('usage', '--closely and --lightly: only one of them at a time');
      await record(this.flow, {
        ...{ target: targets.join(','), output },
        forMs: flags.for,
        intervalMs: flags.interval ?? 1000,
        redact: flags.redact ?? false,
        closely: closely ? true : lightly ? false : undefined,
        numeric: flags.numeric ?? false,
        events: !flags.noEvents,
      });
    };
  },
});
