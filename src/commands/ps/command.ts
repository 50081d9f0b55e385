import { command } from '../command.ts';
import { all, formatOf, numeric, outputOptions } from '../options.ts';
import { recordedFrom, recordedOptions } from '../recorded-options.ts';

export const psCommand = command({
  brief: 'List containers: sockets by state, file descriptors and their limit, the busiest peer',
  options: { all, numeric, ...recordedOptions, ...outputOptions },
  examples: [
    ['ps', 'every container'],
    ['ps --all --json', 'other namespaces and the host too, for a script'],
  ],
  load: async () => {
    const { ps } = await import('./ps.ts');
    return async ({ flow }, options) => {
      const { all, numeric } = options;
      await ps(flow, { all, numeric, format: formatOf(options), from: await recordedFrom(options) });
    };
  },
});
