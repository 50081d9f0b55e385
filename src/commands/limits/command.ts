import { Failure } from '../../model/failure.ts';
import { command } from '../command.ts';
import { option } from '../option.ts';
import { formatOf, OPTIONAL_TARGETS, outputOptions, TARGET_HELP, yes } from '../options.ts';
import { proposeWords } from '../proposals.ts';

export const limitsCommand = command({
  task: 'look',
  brief: 'Show the limits inside (ulimit -a), their use and fix; set one',
  details: TARGET_HELP,
  options: {
    set: option.text('nofile=SOFT[:HARD]', 'Set the limit of open files of the running processes', {
      propose: proposeWords(['nofile=']),
    }),
    yes,
    fix: option.boolean('With several targets: show for each how to set the limit permanently'),
    for: option.duration('Sample for this time and show the growth; once when absent'),
    interval: option.duration('Time between two samples of --for; default 1s'),
    ...outputOptions,
  },
  operands: OPTIONAL_TARGETS,
  examples: [
    ['limits web-1', 'limits and their use'],
    ['limits all', 'a line for each container, the fullest first'],
    ['limits web-1 --for 1m', 'the growth of descriptors'],
    ['limits web-1 --set nofile=65536', 'of the running processes'],
  ],
  load: async () => {
    const [{ limits }, { setLimits }, { targetsOnly }] = await Promise.all([
      import('./limits.ts'),
      import('./set-limits.ts'),
      import('../operands.ts'),
    ]);
    return async ({ flow }, options, words) => {
      const { set, for: forMs, interval: intervalMs } = options;
      // What changes processes needs to be told which.
      const target = targetsOnly('limits', words, set === undefined ? 'all' : undefined);
      const format = formatOf(options);
      if (set === undefined) return limits(flow, { target, forMs, intervalMs, fix: options.fix, format });
      if (forMs !== undefined || intervalMs !== undefined) {
        throw new Failure('usage', 'limits: --set and --for exclude each other');
      }
      await setLimits(flow, { target, setting: set, yes: options.yes, format });
    };
  },
});
