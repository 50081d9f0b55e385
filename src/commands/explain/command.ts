import { packageFile } from '../../packaged/package-files.ts';
import { command } from '../command.ts';
import { formatOf, outputOptions } from '../options.ts';
import { proposeRules } from '../proposals.ts';

export const explainCommand = command({
  task: 'explain',
  brief: 'Explain a rule of the doctor; without RULE, list all rules',
  options: outputOptions,
  operands: { fixed: [{ placeholder: 'RULE', brief: 'name of a rule', optional: true, propose: proposeRules }] },
  examples: [
    ['explain', 'all rules'],
    ['explain CLOSE_WAIT_LEAK', 'one rule'],
  ],
  load: async () => {
    const { explain } = await import('./explain.ts');
    return ({ flow }, options, [rule]) => explain(flow, packageFile('docs/rules'), rule, formatOf(options));
  },
});
