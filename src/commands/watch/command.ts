import { GROUP_KEYS } from '../../model/report/group.ts';
import { command } from '../command.ts';
import { option } from '../option.ts';
import {
  DEFAULT_INTERVAL_MS,
  FILTER_HELP,
  formatOf,
  forTime,
  interval,
  netns,
  noEvents,
  numeric,
  OPTIONAL_TARGET_AND_FILTER,
  outputOptions,
  parseKeys,
  protosOf,
  ss,
  tcp,
  udp,
} from '../options.ts';
import { proposeList } from '../proposals.ts';
import { operandsOf, REAL_TIME, recordedOptions, speed } from '../recorded-options.ts';

export const watchCommand = command({
  task: 'watch',
  brief: 'Print counts of sockets over time, one line per tick',
  details: FILTER_HELP,
  options: {
    by: option.value('KEY,KEY', 'Count in groups by these keys; default state', parseKeys, {
      choices: GROUP_KEYS,
      propose: proposeList(GROUP_KEYS),
    }),
    interval,
    for: forTime,
    tcp,
    udp,
    netns,
    numeric,
    ss,
    noEvents,
    ...recordedOptions,
    speed,
    ...outputOptions,
  },
  operands: OPTIONAL_TARGET_AND_FILTER,
  examples: [
    ['watch web-1', 'counts by state, a line a second'],
    ["watch all --by peer 'dst db:3306'", 'who is connected to the database'],
    ['watch web-1 --for 1m --ndjson', 'for a script'],
  ],
  load: async () => {
    const [{ watch }, { oneDocument }] = await Promise.all([import('./watch.ts'), import('../one-document.ts')]);
    return async ({ flow }, options, words) => {
      const format = formatOf(options);
      const given = {
        ...(await operandsOf('watch', words, options, REAL_TIME, 'all')),
        asSs: options.ss,
        protos: protosOf(options),
        by: options.by ?? ['state'],
        intervalMs: options.interval ?? DEFAULT_INTERVAL_MS,
        forMs: options.for,
        events: !options.noEvents,
        wholeNetns: options.netns,
        numeric: options.numeric,
      };
      if (format !== 'json') return watch(flow, { ...given, format });
      return oneDocument(flow, (context) => watch(context, { ...given, format: 'ndjson' }));
    };
  },
});
