import { Failure } from '../../model/failure.ts';
import { command } from '../command.ts';
import { option } from '../option.ts';
import {
  DEFAULT_INTERVAL_MS,
  interval,
  netns,
  noEvents,
  numeric,
  ruleOptions,
  TARGET_HELP,
  TARGETS,
} from '../options.ts';
import { proposeFiles } from '../proposals.ts';

export const guardCommand = command({
  task: 'test',
  brief: 'Run a load test and fail it when a socket budget is exceeded',
  details: `${TARGET_HELP}
BUDGET is a measure and a bound: 'peak(dst db:3306) <= 50', 'steady(state close-wait) = 0', 'drain(all, 10s) <= baseline + 5', 'rate(opens to db:3306) <= 20/s', 'descriptors <= 80%', 'lost events = 0', 'findings(critical) = 0'; a FILTER alone means peak (docs/guard.md).
Exit status 0: every budget held; 1: one was exceeded; 6: the command failed. The report goes to stderr.`,
  usage: "TARGET... --budget 'BUDGET' [OPTIONS] -- COMMAND ARGS",
  options: {
    budget: option.texts('BUDGET', 'A budget that must hold; repeatable', { letter: 'b' }),
    pool: option.texts('HOST:PORT=N', 'Maximum connections of each process to an endpoint: db:3306=50; repeatable'),
    descriptors: option.text('N%', 'Maximum use of the soft limit of open files: 80%'),
    noLeaks: option.boolean('Fail when half-closed connections are left 10 s after the command'),
    for: option.duration('Stop the command after this time, which does not count as a failure'),
    interval,
    report: option.texts('FILE', 'Write a report: FILE.html, FILE.json, FILE.xml (JUnit) or FILE.md; repeatable', {
      propose: proposeFiles,
    }),
    ...ruleOptions,
    noEvents,
    noStatus: option.boolean('Do not print a status line: the command has the terminal to itself'),
    netns,
    numeric,
  },
  operands: TARGETS,
  examples: [
    ["guard web-1 -b 'dst db:3306 <= 50' -- k6 run load.js", 'a pool stays at its size'],
    ['guard web-1 --no-leaks --report out.html -- ./load.sh', 'nothing is left behind'],
  ],
  load: async () => {
    const [{ guard }, { guardBudgets }, { doctorSettings }, { readConfig }, { targetsOnly }] = await Promise.all([
      import('./guard.ts'),
      import('./guard.ts'),
      import('../doctor-settings.ts'),
      import('../doctor-settings.ts'),
      import('../operands.ts'),
    ]);
    return async (context, options, targets) => {
      const target = targetsOnly('guard', targets);
      const argv = context.behind ?? [];
      if (argv.length === 0) throw new Failure('usage', 'guard needs a COMMAND after -- (see socklens guard --help)');
      const config = await readConfig(options.config);
      const { pool: pools, descriptors, noLeaks } = options;
      context.process.exitCode = await guard(context.flow, {
        target,
        argv,
        budgets: guardBudgets(options.budget, { pools, descriptors, noLeaks }, config),
        reports: options.report,
        forMs: options.for,
        intervalMs: options.interval ?? DEFAULT_INTERVAL_MS,
        events: !options.noEvents,
        wholeNetns: options.netns,
        numeric: options.numeric,
        status: !options.noStatus,
        skip: config.doctor?.skip ?? [],
        ...doctorSettings(
          { set: options.set, pools, serverLimits: options.serverLimit, replicas: options.replicas },
          config,
        ),
      });
    };
  },
});
