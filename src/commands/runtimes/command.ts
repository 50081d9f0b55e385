import { command } from '../command.ts';
import { formatOf, outputOptions } from '../options.ts';

export const runtimesCommand = command({
  task: 'look',
  brief: 'Show which runtimes were found, and what is not permitted',
  details: `For each runtime the socket that was asked, its version, how many containers run, and why it does not answer. Lines on standard error say what socklens itself may not do here. The first thing to look at where \`ps\` is empty.`,
  options: outputOptions,
  examples: [
    ['runtimes', 'what is found on this machine'],
    ['runtimes --json', 'the same for a script, or to send to somebody who helps'],
  ],
  load: async () => {
    const { runtimes } = await import('./runtimes.ts');
    return ({ flow }, options) => runtimes(flow, formatOf(options));
  },
});
