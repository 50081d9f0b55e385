import { fileURLToPath } from 'node:url';
import { command } from '../command.ts';
import { formatOf, outputOptions } from '../options.ts';

/** The folder of the bundle; undefined where the source runs as an ES module. */
declare const __dirname: string | undefined;

export const explainCommand = command({
  brief: 'Explain a rule of the doctor; without RULE, list all rules',
  options: outputOptions,
  operands: { fixed: [{ placeholder: 'RULE', brief: 'name of a rule', optional: true }] },
  examples: [
    ['explain', 'all rules'],
    ['explain CLOSE_WAIT_LEAK', 'one rule'],
  ],
  load: async () => {
    const { explain } = await import('./explain.ts');
    return ({ flow }, options, [rule]) => explain(flow, pages(), rule, formatOf(options));
  },
});

/** The folder of the rules' pages, which come with the package. */
function pages(): string {
  if (typeof __dirname === 'string') return `${__dirname}/../../../docs/rules`;
  return fileURLToPath(new URL('../../../docs/rules', import.meta.url));
}
