import { command } from '../command.ts';
import { option } from '../option.ts';
import { all, netns, OPTIONAL_TARGETS, TARGET_HELP } from '../options.ts';

export const metricsCommand = command({
  task: 'watch',
  brief: 'Print metrics once, as /metrics of serve has them',
  details: `${TARGET_HELP} Without one, every container.
Prints Prometheus' text format, for the textfile collector of node_exporter. What only time tells is not in it: problems, how connections ended, peaks (docs/metrics.md).`,
  options: {
    all,
    netns,
    peers: option.boolean('Label peers without a name by their addresses, however many'),
  },
  operands: OPTIONAL_TARGETS,
  examples: [
    ['metrics', 'every container'],
    ['metrics --all', 'the host and other namespaces too'],
  ],
  load: async () => {
    const [{ metrics }, { targetsOnly }] = await Promise.all([import('./metrics.ts'), import('../operands.ts')]);
    return async ({ flow }, { all, netns, peers }, words) => {
      const target = words.length === 0 ? undefined : targetsOnly('metrics', words, 'all');
      await metrics(flow, { target, all, wholeNetns: netns, peerAddresses: peers });
    };
  },
});
