import type { EventKind } from '../../model/socket/connection-event.ts';
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

/** The kinds of events that options name; failures and closes by default. */
function kindsOf({ opened, failed, closed }: { opened: boolean; failed: boolean; closed: boolean }): EventKind[] {
  if (!opened && !failed && !closed) return ['failed', 'closed'];
  return [
    ...(opened ? (['opened', 'established'] as const) : []),
    ...(failed ? (['failed'] as const) : []),
    ...(closed ? (['closed'] as const) : []),
  ];
}

export const eventsCommand = command({
  brief: 'Show connections as they fail or close: owner, duration, bytes, and why',
  details: FILTER_HELP,
  options: {
    tcp,
    udp,
    netns,
    opened: option.boolean('Connections as they are opened and established'),
    failed: option.boolean('Attempts to connect that failed'),
    closed: option.boolean('Connections as they close (default: --failed --closed)'),
    numeric,
    for: forTime,
    count: option.value('N', 'Stop after N events', parseCount, { letter: 'c' }),
    summary: option.boolean('Print only the summary at the end: counts, outcomes and lifetimes by peer'),
    ss,
    ...recordedOptions,
    speed,
    ...outputOptions,
  },
  operands: TARGET_AND_FILTER,
  examples: [
    ['events web-1', 'each connection as it fails or closes'],
    ['events web-1 --failed', 'attempts to connect that failed, with the error'],
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
        kinds: kindsOf(options),
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
