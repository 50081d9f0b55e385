import { buildCommand } from '@stricli/core';
import { Failure } from '../../model/failure.ts';
import type { CliContext } from '../context.ts';
import { parseTime } from '../durations.ts';
import { TEXTS } from '../texts.ts';
import { operandsOf, recordedFlags, speedFlag } from './recorded-flags.ts';
import { flag } from './shared-flags.ts';

interface Flags {
  tcp?: boolean;
  udp?: boolean;
  numeric?: boolean;
  for?: number;
  count?: number;
  ss?: boolean;
  ndjson?: boolean;
  from?: string;
  at?: string;
  speed?: number;
}

export const eventsCommand = buildCommand<Flags, string[], CliContext>({
  docs: {
    brief: TEXTS.events,
    fullDescription: `${TEXTS.events}.\n\nTARGET is ${TEXTS.target}.\nFILTER is ${TEXTS.filter}.`,
  },
  parameters: {
    flags: {
      tcp: flag(TEXTS.tcp),
      udp: flag(TEXTS.udp),
      numeric: flag(TEXTS.numeric),
      for: { kind: 'parsed', parse: parseTime, brief: TEXTS.for, optional: true, placeholder: 'TIME' },
      count: { kind: 'parsed', parse: parseCount, brief: TEXTS.count, optional: true, placeholder: 'N' },
      ss: flag(TEXTS.ss),
      ...recordedFlags,
      speed: speedFlag,
      ndjson: flag(TEXTS.ndjson),
    },
    aliases: { t: 'tcp', u: 'udp', n: 'numeric', c: 'count' },
    positional: {
      kind: 'array',
      parameter: { brief: TEXTS.targetAndFilter, parse: String, placeholder: 'TARGET FILTER' },
    },
  },
  loader: async () => {
    const { events } = await import('../../flows/events.ts');
    return async function (flags, ...words) {
      const { tcp, udp } = flags;
      await events(this.flow, {
        ...(await operandsOf('events', words, flags, 1)),
        asSs: flags.ss ?? false,
        protos: [...(tcp || !udp ? (['tcp'] as const) : []), ...(udp || !tcp ? (['udp'] as const) : [])],
        numeric: flags.numeric ?? false,
        forMs: flags.for,
        count: flags.count,
        format: flags.ndjson ? 'ndjson' : 'text',
      });
    };
  },
});

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new Failure('usage', `"${text}" is no number of connections; from 1 on`);
  return Number(text);
}
