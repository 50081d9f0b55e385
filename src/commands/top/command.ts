import { command } from '../command.ts';
import { option } from '../option.ts';
import {
  all,
  DEFAULT_INTERVAL_MS,
  FILTER_HELP,
  interval,
  netns,
  numeric,
  OPTIONAL_TARGET_AND_FILTER,
} from '../options.ts';
import { isRecorded, operandsOf, REAL_TIME, recordedOptions, speed } from '../recorded-options.ts';

export const topCommand = command({
  task: 'watch',
  brief: 'Watch containers, peers and sockets in full-screen mode',
  details: `Press F1 for the keys.\n${FILTER_HELP}`,
  options: {
    all,
    interval,
    /** Of an earlier version, which counted in the kernel; does nothing. */
    noBpf: option.boolean('Accepted and ignored', { hidden: true }),
    netns,
    numeric,
    ...recordedOptions,
    speed,
  },
  operands: OPTIONAL_TARGET_AND_FILTER,
  examples: [
    ['top', 'every container'],
    ["top web-1 'state close-wait'", 'one container, some sockets'],
    ['top --from incident.slr --speed 10', 'a recording, ten times as fast'],
  ],
  load: async () => {
    const { top } = await import('./top.ts');
    return async ({ flow }, options, words) => {
      const { all, numeric } = options;
      const isOverview = words.length === 0 && !isRecorded(options);
      await top(flow, {
        ...(isOverview
          ? { target: undefined, overview: { all }, filter: '' }
          : await operandsOf('top', words, options, REAL_TIME, 'all')),
        intervalMs: options.interval ?? DEFAULT_INTERVAL_MS,
        forMs: undefined,
        events: 'exact',
        wholeNetns: options.netns,
        numeric,
      });
    };
  },
});
