import { Failure } from '../../model/failure.ts';
import { command } from '../command.ts';
import { EXIT } from '../errors.ts';
import { option } from '../option.ts';
import { formatOf, outputOptions } from '../options.ts';
import { proposeFiles } from '../proposals.ts';

export const labCommand = command({
  task: 'test',
  brief: 'Reproduce a connection-pool incident and its diagnosis',
  details: `Exit status 1 when the fixed lab still shows a finding or an error.
--serve shows it on the page of a socklens serve of its own, which stays until Ctrl-C or for the time of --for.`,
  options: {
    docker: option.boolean('Use real containers: MariaDB, mysql2, HAProxy'),
    serve: option.boolean('Run a serve beside it, and print the link to its page'),
    for: option.duration('With --serve: how long the page stays after the lab; until Ctrl-C when absent'),
    data: option.text('FOLDER', 'With --serve: keep its data there; else they are removed with it', {
      propose: proposeFiles,
    }),
    ...outputOptions,
  },
  examples: [
    ['lab', 'in namespaces of its own'],
    ['lab --serve', 'with its page'],
    ['lab --docker', 'with real containers'],
  ],
  load: async () => {
    const { lab } = await import('./lab.ts');
    return async (context, options) => {
      const { for: forMs, data } = options;
      if (!options.serve && (forMs !== undefined || data !== undefined))
        throw new Failure('usage', 'lab: --for and --data need --serve');
      const labContext = options.docker
        ? (await import('./lab-kinds.ts')).containerLab()
        : (await import('./lab-kinds.ts')).namespaceLab;
      const isFixed = await lab(context.flow, labContext, {
        format: formatOf(options),
        ...(options.serve && { serve: { forMs, data } }),
      });
      if (!isFixed) context.process.exitCode = EXIT.FOUND;
    };
  },
});
