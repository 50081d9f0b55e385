import { nearest } from '../../base/nearest.ts';
import { Failure } from '../../model/failure.ts';
import { SEVERITIES, type Severity } from '../../model/finding/finding.ts';
import { PACKET_EVENT_KINDS } from '../../model/socket/packet-event.ts';
import { command } from '../command.ts';
import { EXIT } from '../errors.ts';
import { option, parseTime } from '../option.ts';
import {
  DEFAULT_INTERVAL_MS,
  formatOf,
  interval,
  netns,
  noEvents,
  noStack,
  numeric,
  OPTIONAL_TARGETS,
  outputOptions,
  ruleOptions,
  TARGET_HELP,
} from '../options.ts';
import { proposeFiles, proposeRules } from '../proposals.ts';
import { recordedFrom, recordedOptions } from '../recorded-options.ts';

/** Default of `--for`: longer than the window of most rules. */
const LIVE_MS = 10_000;

/** Default of `--for` with a recording: it needs no waiting, but memory for all sockets of all samples. */
const RECORDED_MS = 30_000;

export const doctorCommand = command({
  task: 'explain',
  brief: 'Show what is wrong, why, and how to fix it here',
  details: `${TARGET_HELP} Without a TARGET, every container is checked.
Exit status 1 when a finding that is shown is a warning or worse. socklens explain lists the rules.`,
  options: {
    for: option.duration('How long to sample; default 10s'),
    interval,
    rule: option.texts('RULE', 'Check only this rule; repeatable, or separated by commas', {
      propose: proposeRules,
    }),
    skip: option.texts('RULE', 'Skip this rule; repeatable, or separated by commas', { propose: proposeRules }),
    all: option.boolean('Show info findings in full, what is ignored on purpose, and the rules that were checked', {
      letter: 'a',
    }),
    verbose: option.boolean('Show the findings of each problem, with all evidence and fixes', { letter: 'v' }),
    severity: option.value(
      'LEVEL',
      'Only findings of this severity or above: critical, warning or info',
      parseSeverity,
      { choices: SEVERITIES },
    ),
    quiet: option.boolean('Print the verdict only; the exit status says the same', { letter: 'q' }),
    report: option.texts('FILE', 'Write a report for a ticket: FILE.html or FILE.md; repeatable', {
      propose: proposeFiles,
    }),
    redact: option.boolean('Replace addresses and names in the output and the reports'),
    pool: option.texts('HOST:PORT=N', 'Maximum size of a connection pool in each process: db:3306=50; repeatable'),
    ...ruleOptions,
    noEvents,
    noStack,
    netns,
    numeric,
    ...recordedOptions,
    ...outputOptions,
  },
  operands: OPTIONAL_TARGETS,
  examples: [
    ['doctor', 'every container'],
    ['doctor web-1 db-1 --for 1m', 'two containers, for longer'],
    ['doctor web-1 --rule CLOSE_WAIT_LEAK', 'one rule'],
    ['doctor --severity critical --quiet', 'for a script: the status, and one line'],
    ['doctor --from incident.slr', 'a recording'],
    ['doctor --report incident.md --redact', 'for a ticket, without names and addresses'],
  ],
  load: async () => {
    const [{ doctor }, { doctorSettings }, { readConfig }, { targetsOnly }] = await Promise.all([
      import('./doctor.ts'),
      import('../doctor-settings.ts'),
      import('../doctor-settings.ts'),
      import('../operands.ts'),
    ]);
    return async (context, options, targets) => {
      const format = formatOf(options);
      const config = await readConfig(options.config);
      const from = await recordedFrom({ ...options, for: options.for ?? RECORDED_MS });
      const configuredMs = config.doctor?.for === undefined ? LIVE_MS : parseTime(config.doctor.for);
      const given = {
        set: options.set,
        pools: options.pool,
        serverLimits: options.serverLimit,
        replicas: options.replicas,
      };
      const isHealthy = await doctor(context.flow, {
        target: from !== undefined && targets.length === 0 ? undefined : targetsOnly('doctor', targets, 'all'),
        from,
        forMs: options.for ?? configuredMs,
        intervalMs: options.interval ?? DEFAULT_INTERVAL_MS,
        events: !options.noEvents,
        stacks: !options.noStack,
        packets: options.noEvents ? undefined : PACKET_EVENT_KINDS,
        wholeNetns: options.netns,
        numeric: options.numeric,
        host: true,
        rules: ruleNames('rule', options.rule),
        skip: options.skip.length > 0 ? ruleNames('skip', options.skip) : ruleNames('skip', config.doctor?.skip ?? []),
        ...doctorSettings(given, config),
        severity: options.severity,
        text: {
          all: options.all || options.severity === 'info',
          verbose: options.verbose,
          verdictOnly: options.quiet,
        },
        reports: options.report,
        redact: options.redact,
        format,
      });
      if (!isHealthy) context.process.exitCode = EXIT.FOUND;
    };
  },
});

/** @throws {Failure} `usage` for a word that is no severity */
function parseSeverity(text: string): Severity {
  const severity = SEVERITIES.find((known) => known === text.toLowerCase());
  if (severity !== undefined) return severity;
  const meant = nearest(text, SEVERITIES);
  const hint = meant === undefined ? `available: ${SEVERITIES.join(', ')}` : `did you mean ${meant}?`;
  throw new Failure('usage', `unknown severity "${text}"; ${hint}`);
}

/** Names of rules, each element one name or several separated by commas. */
function ruleNames(name: string, given: readonly string[]): string[] {
  const names = given.flatMap((text) => text.split(',')).filter((rule) => rule !== '');
  if (given.length > 0 && names.length === 0) {
    throw new Failure('usage', `--${name} needs a RULE (socklens explain lists them)`);
  }
  return names.map((rule) => rule.toUpperCase());
}
