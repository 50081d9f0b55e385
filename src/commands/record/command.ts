import { Failure } from '../../model/failure.ts';
import { command } from '../command.ts';
import { option } from '../option.ts';
import {
  DEFAULT_INTERVAL_MS,
  forTime,
  interval,
  netns,
  noEvents,
  noStack,
  numeric,
  TARGET_HELP,
  TARGETS,
} from '../options.ts';
import { proposeFiles } from '../proposals.ts';

const FULL = 'Read all sockets at every tick, with what the kernel knows about each connection';
const SUMMARY = 'Read TCP sockets only where counters change, within 3 % of one core';

export const recordCommand = command({
  task: 'watch',
  brief: 'Record targets into a file, to be read later with --from',
  details: TARGET_HELP,
  options: {
    output: option.text('FILE', 'The file to create', { letter: 'o', propose: proposeFiles }),
    for: forTime,
    interval,
    redact: option.boolean('Replace addresses and names consistently, so that the file can be shared'),
    full: option.boolean(FULL),
    summary: option.boolean(SUMMARY),
    // Spellings up to version 0.1.
    closely: option.boolean(FULL, { hidden: true }),
    lightly: option.boolean(SUMMARY, { hidden: true }),
    netns,
    numeric,
    noEvents,
    noStack,
  },
  operands: TARGETS,
  examples: [
    ['record web-1 -o incident.slr', 'until Ctrl-C'],
    ['record all -o incident.slr --for 5m --redact', 'to share it'],
  ],
  load: async () => {
    const [{ record }, { targetsOnly }] = await Promise.all([import('./record.ts'), import('../operands.ts')]);
    return async ({ flow }, options, targets) => {
      const { output } = options;
      const isFull = options.full || options.closely;
      const isSummary = options.summary || options.lightly;
      const target = targetsOnly('record', targets);
      if (output === undefined) throw new Failure('usage', 'record needs -o FILE');
      if (isFull && isSummary) throw new Failure('usage', '--full and --summary exclude each other');
      await record(flow, {
        target,
        output,
        forMs: options.for,
        intervalMs: options.interval ?? DEFAULT_INTERVAL_MS,
        redact: options.redact,
        isFull: isFull ? true : isSummary ? false : undefined,
        wholeNetns: options.netns,
        numeric: options.numeric,
        events: !options.noEvents,
        stacks: !options.noStack,
      });
    };
  },
});
