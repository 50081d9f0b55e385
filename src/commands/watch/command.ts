import { command } from '../command.ts';
import { option } from '../option.ts';
import {
  DEFAULT_INTERVAL_MS,
  FILTER_HELP,
  forTime,
  interval,
  ndjson,
  noEvents,
  numeric,
  parseKeys,
  protosOf,
  ss,
  TARGET_AND_FILTER,
  tcp,
  udp,
} from '../options.ts';
import { operandsOf, REAL_TIME, recordedOptions, speed } from '../recorded-options.ts';

export const watchCommand = command({
  brief: 'Print counts of sockets over time, one line per tick',
  details: FILTER_HELP,
  options: {
    by: option.value('KEY,KEY', 'Count in groups by these keys; default state', parseKeys),
    interval,
    for: forTime,
    tcp,
    udp,
    numeric,
    ss,
    noEvents,
    ...recordedOptions,
    speed,
    ndjson,
  },
  operands: TARGET_AND_FILTER,
  load: async () => {
    const { watch } = await import('./watch.ts');
    return async ({ flow }, options, words) =>
      watch(flow, {
        ...(await operandsOf('watch', words, options, REAL_TIME, 'all')),
        asSs: options.ss,
        protos: protosOf(options),
        by: options.by ?? ['state'],
        intervalMs: options.interval ?? DEFAULT_INTERVAL_MS,
        forMs: options.for,
        events: !options.noEvents,
        numeric: options.numeric,
        format: options.ndjson ? 'ndjson' : 'text',
      });
  },
});
