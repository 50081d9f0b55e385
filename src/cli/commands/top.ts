import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { refuseWithoutTerminal } from '../screen.ts';
import { TEXTS } from '../texts.ts';
import { operandsOf, type RecordedFlags, recordedFlags, speedFlag } from './recorded-flags.ts';
import { flag } from './shared-flags.ts';
import { parseInterval } from './stream-flags.ts';

interface Flags extends Omit<RecordedFlags, 'for'> {
  all?: boolean;
  interval?: number;
  noBpf?: boolean;
  numeric?: boolean;
}

export const topCommand = buildCommand<Flags, string[], CliContext>({
  docs: {
    brief: TEXTS.topVerb,
    fullDescription: `${TEXTS.topVerb}. Press F1 for its keys.\n\nTARGET is ${TEXTS.target}.\nFILTER is ${TEXTS.filter}.`,
  },
  parameters: {
    flags: {
      all: flag(TEXTS.all),
      interval: { kind: 'parsed', parse: parseInterval, brief: TEXTS.interval, optional: true, placeholder: 'TIME' },
      noBpf: flag(TEXTS.noBpf),
      numeric: flag(TEXTS.numeric),
      ...recordedFlags,
      speed: speedFlag,
    },
    aliases: { a: 'all', n: 'numeric' },
    positional: {
      kind: 'array',
      parameter: { brief: TEXTS.targetAndFilter, parse: String, placeholder: 'TARGET FILTER' },
    },
  },
  loader: async () => {
    const { top } = await import('../../flows/top/top.ts');
    return async function (flags, ...words) {
      refuseWithoutTerminal();
      await top(this.flow, {
        ...(isLive(words, flags) ? overviewOf(flags) : await operandsOf('top', words, flags, 1)),
        ...{ intervalMs: flags.interval ?? 1000, forMs: undefined, events: false, numeric: flags.numeric ?? false },
        kernelCounts: !flags.noBpf,
      });
    };
  },
});

/** Whether neither a TARGET nor a recording is named. */
function isLive(words: readonly string[], { from, at, speed }: RecordedFlags): boolean {
  return words.length === 0 && from === undefined && at === undefined && speed === undefined;
}

function overviewOf({ all = false }: Flags) {
  return { target: undefined, overview: { all }, filter: '' };
}
