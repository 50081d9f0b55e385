import { buildApplication, buildRouteMap, text_en } from '@stricli/core';
import manifest from '../../package.json' with { type: 'json' };
import { errorLine } from '../flows/error-line.ts';
import { lsCommand } from './commands/ls.ts';
import { netstatCommand } from './commands/netstat.ts';
import { psCommand } from './commands/ps.ts';
import { EXIT, exitStatus } from './exit-status.ts';
import { TEXTS } from './texts.ts';

const routes = buildRouteMap({
  routes: { ps: psCommand, ls: lsCommand, netstat: netstatCommand },
  defaultCommand: 'ps',
  docs: { brief: TEXTS.brief },
});

/** stricli's own statuses are negative; all of them mean that the command line is wrong. */
export function statusOf(code: number | string | null | undefined): number {
  const number = Number(code ?? EXIT.OK);
  return number < 0 ? EXIT.USAGE : number;
}

export const app = buildApplication(routes, {
  name: 'socklens',
  versionInfo: { currentVersion: manifest.version },
  scanner: { caseStyle: 'allow-kebab-for-camel' },
  determineExitCode: exitStatus,
  localization: {
    text: {
      ...text_en,
      noCommandRegisteredForInput: ({ input, corrections }) =>
        errorLine(
          `no command "${input}"${corrections.length > 0 ? `, did you mean ${corrections.join(' or ')}?` : ''} (socklens --help lists them)`,
        ),
      exceptionWhileParsingArguments: (error) => errorLine((error as Error).message),
      exceptionWhileRunningCommand: (error) => errorLine(error),
      commandErrorResult: (error) => errorLine(error),
    },
  },
});
