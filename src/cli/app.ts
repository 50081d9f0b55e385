import { type Application, buildApplication, buildRouteMap, text_en } from '@stricli/core';
import manifest from '../../package.json' with { type: 'json' };
import { nearest } from '../base/nearest.ts';
import { compareCommand } from '../commands/compare/command.ts';
import type { CliContext } from '../commands/context.ts';
import { doctorCommand } from '../commands/doctor/command.ts';
import { EXIT, errorLine, exitStatus } from '../commands/errors.ts';
import { eventsCommand } from '../commands/events/command.ts';
import { explainCommand } from '../commands/explain/command.ts';
import { guardCommand } from '../commands/guard/command.ts';
import { killCommand } from '../commands/kill/command.ts';
import { labCommand } from '../commands/lab/command.ts';
import { limitsCommand } from '../commands/limits/command.ts';
import { lsCommand } from '../commands/ls/command.ts';
import { netstatCommand } from '../commands/netstat/command.ts';
import { psCommand } from '../commands/ps/command.ts';
import { recordCommand } from '../commands/record/command.ts';
import { topCommand } from '../commands/top/command.ts';
import { watchCommand } from '../commands/watch/command.ts';
import { Failure } from '../model/failure.ts';
import { argumentError } from './argument-error.ts';

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
  docs: { brief: 'Show and explain the sockets inside containers, from the host' },
});

/** The library's own statuses are negative; all of them mean an invalid command line. */
export function statusOf(code: number | string | null | undefined): number {
  const number = Number(code ?? EXIT.OK);
  return number < 0 ? EXIT.USAGE : number;
}

/** Similarity that an option needs to be proposed for an unknown one: two characters added, missing or changed. */
const SUGGESTIONS = { threshold: 2, weights: { insertion: 1, deletion: 1, substitution: 1, transposition: 1 } };

/** @param verb the first argument; error messages refer to its help */
export function buildApp(verb: string | undefined): Application<CliContext> {
  const command = isVerb(verb) ? `socklens ${verb}` : 'socklens';
  return buildApplication(routes, {
    name: 'socklens',
    versionInfo: { currentVersion: manifest.version },
    scanner: { caseStyle: 'allow-kebab-for-camel', distanceOptions: SUGGESTIONS },
    determineExitCode: exitStatus,
    localization: {
      text: {
        ...text_en,
        exceptionWhileParsingArguments: (error) => errorLine(argumentError(error, command)),
        exceptionWhileRunningCommand: (error) => errorLine(error),
        commandErrorResult: (error) => errorLine(error),
      },
    },
  });
}

/**
 * Refuses a first argument that is neither an option nor a command. Without this, it would be an operand of `ps`,
 * the default command.
 *
 * @throws {Failure} `usage`
 */
export function refuseUnknownVerb(word: string | undefined): void {
  if (word === undefined || word.startsWith('-') || isVerb(word)) return;
  const known = Object.keys(verbs);
  const meant = nearest(word, [...known, 'help', 'version']);
  const hint = meant === undefined ? `available: ${known.join(', ')}` : `did you mean ${meant}?`;
  throw new Failure('usage', `unknown command "${word}"; ${hint} (see socklens --help)`);
}

function isVerb(word: string | undefined): boolean {
  return word !== undefined && Object.hasOwn(verbs, word);
}
