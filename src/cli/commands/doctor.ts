import { buildCommand } from '@stricli/core';
import { Failure } from '../../model/failure.ts';
import type { CliContext } from '../context.ts';
import { parseTime } from '../durations.ts';
import { EXIT } from '../exit-status.ts';
import { TEXTS } from '../texts.ts';
import { recordedFlags, recordedFrom } from './recorded-flags.ts';
import { flag, manyTexts, outputFlags, text } from './shared-flags.ts';
import { parseInterval } from './stream-flags.ts';

interface Flags {
  for?: number;
  interval?: number;
  rule?: readonly string[];
  skip?: readonly string[];
  set?: readonly string[];
  pool?: readonly string[];
  serverLimit?: readonly string[];
  config?: string;
  noEvents?: boolean;
  numeric?: boolean;
  json?: boolean;
  from?: string;
  at?: string;
}

/** Long enough for most windows, short enough to wait for. */
const USUAL_MS = 10_000;

/** Of a recording it costs no waiting; but all sockets of all looks are kept in memory. */
const RECORDED_MS = 30_000;

export const doctorCommand = buildCommand<Flags, string[], CliContext>({
  docs: {
    brief: TEXTS.doctor,
    fullDescription: `${TEXTS.doctor}.\n\nTARGET is ${TEXTS.target}; every container where none is named.\nStatus 1 when something at warning or above was found. socklens explain lists the rules.`,
  },
  parameters: {
    flags: {
      for: { kind: 'parsed', parse: parseTime, brief: TEXTS.doctorFor, optional: true, placeholder: 'TIME' },
      interval: { kind: 'parsed', parse: parseInterval, brief: TEXTS.interval, optional: true, placeholder: 'TIME' },
      rule: manyTexts(TEXTS.rule, 'RULE'),
      skip: manyTexts(TEXTS.skip, 'RULE'),
      set: manyTexts(TEXTS.setRule, 'RULE.SETTING=VALUE'),
      pool: manyTexts(TEXTS.pool, 'HOST:PORT=N'),
      serverLimit: manyTexts(TEXTS.serverLimit, 'HOST:PORT=N'),
      config: text(TEXTS.config, 'FILE'),
      noEvents: flag(TEXTS.noEvents),
      numeric: flag(TEXTS.numeric),
      ...recordedFlags,
      json: outputFlags.json,
    },
    aliases: { n: 'numeric' },
    positional: { kind: 'array', parameter: { brief: TEXTS.targets, parse: String, placeholder: 'TARGET' } },
  },
  loader: async () => {
    const [{ doctor }, { doctorSettings }, { readConfig }] = await Promise.all([
      import('../../flows/doctor.ts'),
      import('../../flows/doctor-settings.ts'),
      import('../../flows/config.ts'),
    ]);
    return async function (flags, ...targets) {
      const config = await readConfig(flags.config);
      const from = await recordedFrom({ ...flags, for: flags.for ?? RECORDED_MS });
      const given = { set: flags.set ?? [], pools: flags.pool ?? [], serverLimits: flags.serverLimit ?? [] };
      const healthy = await doctor(this.flow, {
        target: targets.length > 0 ? targets.join(',') : from === undefined ? 'all' : undefined,
        from,
        forMs: flags.for ?? (config.doctor?.for === undefined ? USUAL_MS : parseTime(config.doctor.for)),
        intervalMs: flags.interval ?? 1000,
        events: !flags.noEvents,
        numeric: flags.numeric ?? false,
        host: true,
        rules: ruleNames(flags.rule),
        skip: ruleNames(flags.skip ?? config.doctor?.skip),
        ...doctorSettings(given, config),
        format: flags.json ? 'json' : 'text',
      });
      if (!healthy) this.process.exitCode = EXIT.FOUND;
    };
  },
});

/** Names may be given one by one or with commas. */
function ruleNames(given: readonly string[] = []): string[] {
  const names = given.flatMap((names) => names.split(',')).filter((name) => name !== '');
  if (given.length > 0 && names.length === 0)
    throw new Failure('usage', 'a RULE is missing (socklens explain lists them)');
  return names.map((name) => name.toUpperCase());
}
