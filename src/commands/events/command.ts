import type { EventKind } from '../../model/socket/connection-event.ts';
import type { PacketEventKind } from '../../model/socket/packet-event.ts';
import { command } from '../command.ts';
import { option } from '../option.ts';
import {
  FILTER_HELP,
  formatOf,
  forTime,
  netns,
  numeric,
  OPTIONAL_TARGET_AND_FILTER,
  outputOptions,
  parseCount,
  protosOf,
  ss,
  tcp,
  udp,
} from '../options.ts';
import { operandsOf, REAL_TIME, recordedOptions, speed } from '../recorded-options.ts';

/** Options that name kinds of events. */
interface Kinds {
  opened: boolean;
  failed: boolean;
  closed: boolean;
  retransmits: boolean;
  resets: boolean;
  drops: boolean;
}

/** The kinds of events that options name; failures and closes by default. */
function kindsOf(options: Kinds): { kinds: EventKind[]; packets: PacketEventKind[] } {
  const { opened, failed, closed, retransmits, resets, drops } = options;
  if (!Object.values(options).includes(true)) return { kinds: ['failed', 'closed'], packets: [] };
  return {
    kinds: [
      ...(opened ? (['opened', 'established'] as const) : []),
      ...(failed ? (['failed'] as const) : []),
      ...(closed ? (['closed'] as const) : []),
    ],
    packets: [
      ...(retransmits ? (['retransmitted'] as const) : []),
      ...(resets ? (['reset-sent', 'reset-received'] as const) : []),
      ...(drops ? (['dropped'] as const) : []),
    ],
  };
}

export const eventsCommand = command({
  task: 'watch',
  brief: 'Show connections as they fail or close, and why',
  details: FILTER_HELP,
  options: {
    tcp,
    udp,
    netns,
    opened: option.boolean('Connections as they are opened and established'),
    failed: option.boolean('Attempts to connect that failed'),
    closed: option.boolean('Connections as they close (default: --failed --closed)'),
    retransmits: option.boolean('What TCP sends again, and to whom'),
    resets: option.boolean("Resets sent, with the kernel's reason, and received"),
    drops: option.boolean("Datagrams that arrive and are dropped, with the kernel's reason"),
    numeric,
    for: forTime,
    count: option.value('N', 'Stop after N events', parseCount, { letter: 'c' }),
    summary: option.boolean('Print only the summary at the end: counts, outcomes and lifetimes by peer'),
    ss,
    ...recordedOptions,
    speed,
    ...outputOptions,
  },
  operands: OPTIONAL_TARGET_AND_FILTER,
  examples: [
    ['events web-1', 'each connection as it fails or closes'],
    ['events web-1 --failed', 'attempts to connect that failed, with the error'],
    ['events web-1 --resets --drops', 'resets and dropped datagrams, and why'],
    ['events web-1 --summary --for 1m', 'how often, how long, and how they ended, by peer'],
    ["events web-1 -c 10 'dport 3306'", 'ten connections to MySQL'],
  ],
  load: async () => {
    const [{ events }, { oneDocument }] = await Promise.all([import('./events.ts'), import('../one-document.ts')]);
    return async ({ flow }, options, words) => {
      const format = formatOf(options);
      const { opened, failed, closed, retransmits, resets, drops } = options;
      const given = {
        ...(await operandsOf('events', words, options, REAL_TIME, 'all')),
        asSs: options.ss,
        protos: protosOf(options),
        ...kindsOf({ opened, failed, closed, retransmits, resets, drops }),
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
