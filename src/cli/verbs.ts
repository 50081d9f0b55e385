import type { Task, Verb } from '../commands/command.ts';
import { compareCommand } from '../commands/compare/command.ts';
import { completionCommand } from '../commands/completion/command.ts';
import { doctorCommand } from '../commands/doctor/command.ts';
import { eventsCommand } from '../commands/events/command.ts';
import { explainCommand } from '../commands/explain/command.ts';
import { guardCommand } from '../commands/guard/command.ts';
import { incidentCommand } from '../commands/incident/command.ts';
import { killCommand } from '../commands/kill/command.ts';
import { labCommand } from '../commands/lab/command.ts';
import { limitsCommand } from '../commands/limits/command.ts';
import { lsCommand } from '../commands/ls/command.ts';
import { mcpCommand } from '../commands/mcp/command.ts';
import { metricsCommand } from '../commands/metrics/command.ts';
import { netstatCommand } from '../commands/netstat/command.ts';
import { psCommand } from '../commands/ps/command.ts';
import { recordCommand } from '../commands/record/command.ts';
import { runtimesCommand } from '../commands/runtimes/command.ts';
import { serveCommand } from '../commands/serve/command.ts';
import { topCommand } from '../commands/top/command.ts';
import { watchCommand } from '../commands/watch/command.ts';

/** Every command, in the order of help. */
export const VERBS = {
  ps: psCommand,
  ls: lsCommand,
  netstat: netstatCommand,
  limits: limitsCommand,
  runtimes: runtimesCommand,
  watch: watchCommand,
  top: topCommand,
  events: eventsCommand,
  record: recordCommand,
  serve: serveCommand,
  metrics: metricsCommand,
  mcp: mcpCommand,
  doctor: doctorCommand,
  explain: explainCommand,
  incident: incidentCommand,
  guard: guardCommand,
  compare: compareCommand,
  lab: labCommand,
  kill: killCommand,
  completion: completionCommand,
} as const satisfies Readonly<Record<string, Verb>>;

/** The groups of commands, in the order of help, with their titles. */
export const TASKS: readonly (readonly [Task, string])[] = [
  ['look', 'LOOK: what is there now'],
  ['watch', 'WATCH: over time'],
  ['explain', 'EXPLAIN: what is wrong, and how to fix it'],
  ['test', 'TEST: before production does'],
  ['act', 'ACT: change something, after asking'],
  ['shell', 'SHELL'],
];

/** Words that stand for options. */
export const WORDS: Readonly<Record<string, string>> = {
  help: 'Print help, of a COMMAND where one follows',
  version: 'Print the version; also -v, --version',
};

/** Whether a word is a command. */
export function isVerb(word: string | undefined): word is keyof typeof VERBS {
  return word !== undefined && Object.hasOwn(VERBS, word);
}
