import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { TEXTS } from '../texts.ts';

/**
 * The declaration of `netstat` for help and lists alone: the verb parses its own arguments, for
 * netstat's are none that a command tree knows (`-4an`, repeated letters), see `main.ts`.
 */
export const netstatCommand = buildCommand<Record<never, never>, string[], CliContext>({
  docs: { brief: TEXTS.netstat, fullDescription: `${TEXTS.netstat}.\n\nTARGET is ${TEXTS.target}.` },
  parameters: {
    positional: {
      kind: 'array',
      parameter: {
        brief: 'TARGET and the flags of netstat: -a -l -t -u -w -x -n -p -e -o -W -c -4 -6',
        parse: String,
        placeholder: 'TARGET FLAGS',
      },
    },
  },
  func: async () => {},
});
