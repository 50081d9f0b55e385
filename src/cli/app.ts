import {
  type Application,
  buildApplication,
  buildRouteMap,
  type StricliIntegration,
  text_en,
  version,
} from '@stricli/core';
import { nearest } from '../base/nearest.ts';
import { commandHelp } from '../commands/command-help.ts';
import type { CliContext } from '../commands/context.ts';
import { EXIT, errorLine, exitStatus } from '../commands/errors.ts';
import { Failure } from '../model/failure.ts';
import { argumentError } from './argument-error.ts';
import { overviewHelp } from './overview-help.ts';
import { isVerb, VERBS, WORDS } from './verbs.ts';
import { versionText } from './version-text.ts';

const routes = buildRouteMap({
  routes: Object.fromEntries(Object.entries(VERBS).map(([name, { route }]) => [name, route])),
  defaultCommand: 'ps',
  docs: { brief: 'Show and explain the sockets inside containers, from the host' },
});

/** `--help` of the application and of each command. */
const help: StricliIntegration<CliContext> = {
  flag: {
    brief: 'Print help',
    global: true,
    complete: true,
    aliases: ['h'],
    run(_app, { result }) {
      const [name, verb] = Object.entries(VERBS).find(([, { route }]) => route === result.target) ?? [];
      this.process.stdout.write(
        verb === undefined || name === undefined ? overviewHelp() : commandHelp(name, verb.docs),
      );
    },
  },
};

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
  const docs = isVerb(verb) ? VERBS[verb].docs : undefined;
  const config = {
    name: 'socklens',
    scanner: { caseStyle: 'allow-kebab-for-camel' as const, distanceOptions: SUGGESTIONS },
    determineExitCode: exitStatus,
    localization: {
      text: {
        ...text_en,
        exceptionWhileParsingArguments: (error: unknown) => errorLine(argumentError(error, command, docs)),
        exceptionWhileRunningCommand: (error: unknown) => errorLine(error),
        commandErrorResult: (error: Error) => errorLine(error),
      },
    },
  };
  return buildApplication<CliContext>(routes, config, {
    help,
    version: version({ brief: 'Print the version', complete: true, info: { currentVersion: versionText() } }),
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
  const known = Object.keys(VERBS);
  const meant = nearest(word, [...known, ...Object.keys(WORDS)]);
  const hint = meant === undefined ? `available: ${known.join(', ')}` : `did you mean ${meant}?`;
  throw new Failure('usage', `unknown command "${word}"; ${hint} (see socklens --help)`);
}
