import { fileURLToPath } from 'node:url';
import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { TEXTS } from '../texts.ts';

/** The pages come with the package, above the bundle's folder. */
declare const __dirname: string | undefined;

export const explainCommand = buildCommand<Record<never, never>, [string?], CliContext>({
  docs: { brief: TEXTS.explain },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ brief: TEXTS.explainRule, parse: String, placeholder: 'RULE', optional: true }],
    },
  },
  loader: async () => {
    const { explain } = await import('../../flows/explain.ts');
    return function (_flags, rule) {
      explain(this.flow, pages(), rule);
    };
  },
});

function pages(): string {
  if (typeof __dirname === 'string') return `${__dirname}/../../../docs/rules`;
  return fileURLToPath(new URL('../../../docs/rules', import.meta.url));
}
