import { buildCommand } from '@stricli/core';
import type { GroupKey } from '../../model/group.ts';
import type { CliContext } from '../context.ts';
import { parseTime } from '../durations.ts';
import { TEXTS } from '../texts.ts';
import { parseKeys } from './group-flags.ts';
import { operandsOf, recordedFlags, speedFlag } from './recorded-flags.ts';
import { flag } from './shared-flags.ts';
import { parseInterval } from './stream-flags.ts';

interface Flags {
  by?: readonly GroupKey[];
  interval?: number;
  for?: number;
  tcp?: boolean;
  udp?: boolean;
  numeric?: boolean;
  ss?: boolean;
  noEvents?: boolean;
  ndjson?: boolean;
  from?: string;
  at?: string;
  speed?: number;
}

export const watchCommand = buildCommand<Flags, string[], CliContext>({
  docs: {
    brief: TEXTS.watch,
    fullDescription: `${TEXTS.watch}.\n\nTARGET is ${TEXTS.target}.\nFILTER is ${TEXTS.filter}.`,
  },
  parameters: {
    flags: {
      by: { kind: 'parsed', parse: parseKeys, brief: TEXTS.watchBy, optional: true, placeholder: 'KEY,KEY' },
      interval: { kind: 'parsed', parse: parseInterval, brief: TEXTS.interval, optional: true, placeholder: 'TIME' },
      for: { kind: 'parsed', parse: parseTime, brief: TEXTS.for, optional: true, placeholder: 'TIME' },
      tcp: flag(TEXTS.tcp),
      udp: flag(TEXTS.udp),
      numeric: flag(TEXTS.numeric),
      ss: flag(TEXTS.ss),
      noEvents: flag(TEXTS.noEvents),
      ...recordedFlags,
      speed: speedFlag,
      ndjson: flag(TEXTS.ndjson),
    },
    aliases: { t: 'tcp', u: 'udp', n: 'numeric' },
    positional: {
      kind: 'array',
      parameter: { brief: TEXTS.targetAndFilter, parse: String, placeholder: 'TARGET FILTER' },
    },
  },
  loader: async () => {
    const { watch } = await import('../../flows/watch.ts');
    return async function (flags, ...words) {
      const { tcp, udp } = flags;
      await watch(this.flow, {
        ...(await operandsOf('watch', words, flags, 1)),
        asSs: flags.ss ?? false,
        protos: [...(tcp || !udp ? (['tcp'] as const) : []), ...(udp || !tcp ? (['udp'] as const) : [])],
        by: flags.by ?? ['state'],
        intervalMs: flags.interval ?? 1000,
        forMs: flags.for,
        events: !flags.noEvents,
        numeric: flags.numeric ?? false,
        format: flags.ndjson ? 'ndjson' : 'text',
      });
    };
  },
});
