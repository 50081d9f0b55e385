import { ArgumentParseError, buildApplication, buildRouteMap, text_en } from '@stricli/core';
import manifest from '../../package.json' with { type: 'json' };
import { errorLine } from '../flows/error-line.ts';
import { Failure } from '../model/failure.ts';
import { compareCommand } from './commands/compare.ts';
import { doctorCommand } from './commands/doctor.ts';
import { eventsCommand } from './commands/events.ts';
import { explainCommand } from './commands/explain.ts';
import { guardCommand } from './commands/guard.ts';
import { killCommand } from './commands/kill.ts';
import { labCommand } from './commands/lab.ts';
import { limitsCommand } from './commands/limits.ts';
import { lsCommand } from './commands/ls.ts';
import { netstatCommand } from './commands/netstat.ts';
import { psCommand } from './commands/ps.ts';
import { recordCommand } from './commands/record.ts';
import { topCommand } from './commands/top.ts';
import { watchCommand } from './commands/watch.ts';
import { EXIT, exitStatus } from './exit-status.ts';
import { TEXTS } from './texts.ts';

const verbs = {
  ps: psCommand,
  ls: lsCommand,
  netstat: netstatCommand,
  watch: watchCommand,
  top: topCommand,
  events: eventsCommand,
  limits: limitsCommand,
  record: recordCommand,
  doctor: doctorCommand,
  explain: explainCommand,
  lab: labCommand,
  guard: guardCommand,
  compare: compareCommand,
  kill: killCommand,
};

const routes = buildRouteMap({
  routes: verbs,
  defaultCommand: 'ps',
  docs: { brief: TEXTS.brief },
});

/** stricli's own statuses are negative; all of them mean that the command line is wrong. */
export function statusOf(code: number | string | null | undefined): number {
  const number = Number(code ?? EXIT.OK);
  return number < 0 ? EXIT.USAGE : number;
}

/** How alike a flag must be to be proposed for a mistyped one: two letters added, missing or changed. */
const CLOSE_ENOUGH = { threshold: 2, weights: { insertion: 1, deletion: 1, substitution: 1, transposition: 1 } };

/** What is wrong with the arguments, in one sentence. */
function argumentMistake(error: unknown): string {
  // Told by its class: stricli's own way goes by the class's name, which the bundle shortens.
  if (!(error instanceof ArgumentParseError)) return (error as Error).message;
  const { externalFlagNameOrPlaceholder: name, exception } = error;
  return `--${name}: ${exception instanceof Error ? exception.message : String(exception)}`;
}

export const app = buildApplication(routes, {
  name: 'socklens',
  versionInfo: { currentVersion: manifest.version },
  scanner: { caseStyle: 'allow-kebab-for-camel', distanceOptions: CLOSE_ENOUGH },
  determineExitCode: exitStatus,
  localization: {
    text: {
      ...text_en,
      exceptionWhileParsingArguments: (error) => errorLine(argumentMistake(error)),
      exceptionWhileRunningCommand: (error) => errorLine(error),
      commandErrorResult: (error) => errorLine(error),
    },
  },
});

/**
 * Without a verb `ps` is meant, so that a mistyped one would be taken for an argument of it.
 *
 * @throws {Failure} `usage` for a word that is no verb
 */
export function refuseUnknownVerb(word: string | undefined): void {
  if (word === undefined || word.startsWith('-') || Object.hasOwn(verbs, word)) return;
  throw new Failure('usage', `no command "${word}"; known are ${Object.keys(verbs).join(', ')} (socklens --help)`);
}
