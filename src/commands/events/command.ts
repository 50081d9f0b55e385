import { command } from '../command.ts';
import { option } from '../option.ts';
import {
  FILTER_HELP,
  formatOf,
  forTime,
  netns,
  numeric,
  outputOptions,
  parseCount,
  protosOf,
  ss,
  TARGET_AND_FILTER,
  tcp,
  udp,
} from '../options.ts';
import { operandsOf, REAL_TIME, recordedOptions, speed } from '../recorded-options.ts';

export const eventsCommand = command({
  brief: 'Show each connection as it closes: owner, lifetime, bytes, and how it closed',
  details: FILTER_HELP,
  options: {
    tcp,
    udp,
    netns,
    numeric,
    for: forTime,
    count: option.value('N', 'Stop after N connections', parseCount, { letter: 'c' }),
    summary: option.boolean('Print only the summary at the end: counts, outcomes and lifetimes by peer'),
    ss,
    ...recordedOptions,
    speed,
    ...outputOptions,
  },
  operands: TARGET_AND_FILTER,
  examples: [
    ['events web-1', 'each connection as it closes'],
    ['events web-1 --summary --for 1m', 'how often, how long, and how they ended, by peer'],
    ["events web-1 -c 10 'dport 3306'", 'ten connections to MySQL'],
  ],
  load: async () => {
    const [{ events }, { oneDocument }] = await Promise.all([import('./events.ts'), import('../one-document.ts')]);
    return async ({ flow }, options, words) => {
      const format = formatOf(options);
      const given = {
        ...(await operandsOf('events', words, options, REAL_TIME, 'all')),
        asSs: options.ss,
        protos: protosOf(options),
        wholeNetns: options.netns,
        numeric: options.numeric,
        forMs: options.for,
        count: options.count,
        summaryOnly: options.summary,
      };
      if (format !== 'json') return events(flow, { ...given, format });
      return oneDocument(flow, (context) => events(context, { ...given, format: 'ndjson' }));
    };
  },
});
