import { command } from '../command.ts';
import { EXIT } from '../errors.ts';
import { option } from '../option.ts';
import { formatOf, outputOptions } from '../options.ts';

export const labCommand = command({
  brief: 'Reproduce a connection-pool incident on this machine and watch it being diagnosed',
  details: 'Exit status 1 when the fixed lab still shows a finding or an error.',
  options: {
    docker: option.boolean('Use real containers: MariaDB, mysql2, HAProxy'),
    ...outputOptions,
  },
  examples: [
    ['lab', 'in namespaces of its own'],
    ['lab --docker', 'with real containers'],
  ],
  load: async () => {
    const { lab } = await import('./lab.ts');
    return async (context, options) => {
      const labContext = options.docker
        ? (await import('./lab-kinds.ts')).containerLab()
        : (await import('./lab-kinds.ts')).namespaceLab;
      const isFixed = await lab(context.flow, labContext, { format: formatOf(options) });
      if (!isFixed) context.process.exitCode = EXIT.FOUND;
    };
  },
});
