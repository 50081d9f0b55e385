import { counted } from '../../../../model/counted.ts';
import type { Evidence, Fix } from '../../../../model/finding.ts';
import type { ProcessSample } from '../../../../model/sample.ts';
import type { Series, SpaceSeries } from '../../../../model/series.ts';
import { TCP_STATE } from '../../../../model/tcp-state.ts';
import { limitFixes } from '../../../platform/fixes.ts';
import { programClass } from '../../../program-class.ts';
import { platformOfProcess } from '../../fixes/platforms.ts';
import { type LimitVerdict, mismatchOf } from '../../limit-verdict.ts';
import { perNamespace } from '../../per-scope.ts';
import { nofileFixes } from '../../processes/nofile-fixes.ts';
import { fullestLook, processHolder, processTracks } from '../../processes/process-tracks.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { holderScope } from '../../scopes.ts';
import { grouped, lastDump } from '../../snapshots/snapshots.ts';
import { tcpIn } from '../../snapshots/socket-lists.ts';
import { percent } from '../../texts.ts';

const settings = {
  lowSoft: { default: 1024, unit: 'count', text: 'a soft limit up to this is low for a service' },
  lowShare: { default: 0.3, unit: 'share', text: 'of a low limit in use' },
  absurdHard: { default: 10_000_000, unit: 'count', text: 'a hard limit above this makes some programs hang at start' },
} as const;

type Values = SettingValues<typeof settings>;

/** A limit of open files that is too low, absurdly high, or not the declared one. */
export const limitMismatch = rule({
  name: 'LIMIT_MISMATCH',
  title: 'An open-file limit that is too low, absurdly high, or not the declared one',
  settings,
  judge: perNamespace(ofNamespace),
});

/** A process, and what is wrong with its limit. */
interface Judged {
  process: ProcessSample;
  verdict: LimitVerdict;
}

function ofNamespace(space: SpaceSeries, { series }: RuleInput, values: Values): Fault[] {
  const last = lastDump(space);
  const listeners = last === undefined ? [] : tcpIn(last, TCP_STATE.LISTEN);
  const listening = new Set(listeners.map(({ process }) => process?.pid));
  const judged = processTracks(space).flatMap((looks): Judged[] => {
    const process = fullestLook(looks)?.process;
    if (process === undefined) return [];
    const container = series.containers.find(({ name }) => name === process.container);
    const declared = container?.declared?.limits.find(({ name }) => name === 'nofile');
    const verdict = mismatchOf(process, declared, listening.has(process.pid), values);
    // On the host itself a low limit of what merely listens is every distribution's default.
    const ordinary = verdict?.severity === 'info' && space.space.host && container === undefined;
    return verdict === undefined || ordinary ? [] : [{ process, verdict }];
  });
  const groups = grouped(judged, ({ process: { container, name, softLimit, hardLimit }, verdict }) =>
    [verdict.kind, container, name, softLimit, hardLimit].join('\n'),
  );
  return [...groups.values()].flatMap((group) => finding(space, series, group));
}

/** One finding for all processes of a program that are alike. */
function finding(space: SpaceSeries, series: Series, group: readonly Judged[]): Fault[] {
  const [most] = [...group].sort((a, b) => b.process.used - a.process.used);
  if (most === undefined) return [];
  const { process, verdict } = most;
  const { container, softLimit, hardLimit } = process;
  const holder = processHolder(process);
  const { target } = holderScope(space.space, holder);
  const others =
    group.length === 1 ? '' : `, and ${counted(group.length - 1, 'process')} like it`.replace('processs', 'processes');
  const { how } = programClass({ executable: undefined, name: process.name, isGo: false });
  const source = `/proc/${process.pid}/limits`;
  const runtimes = runtimeLimits(series);
  return [
    {
      severity: verdict.severity,
      confidence: 'high',
      holder: group.length === 1 ? holder : { ...(container !== undefined && { container }) },
      summary: `${process.name} (${process.pid})${others}: ${verdict.text}`,
      evidence: [
        { what: 'soft limit', value: softLimit ?? 'unlimited', unit: 'descriptors', source },
        { what: 'hard limit', value: hardLimit ?? 'unlimited', unit: 'descriptors', source },
        { what: 'open files', value: process.used, unit: 'descriptors', source: `/proc/${process.pid}/fd` },
        ...(softLimit === null ? [] : [{ what: 'share in use', value: percent(process.used / softLimit), source }]),
        ...(verdict.declared === undefined
          ? []
          : [{ what: 'declared', value: verdict.declared, source: 'the container runtime' }]),
        ...(how === undefined
          ? []
          : [{ what: `what ${process.name} does with its soft limit at start`, value: how, source: 'known programs' }]),
        ...runtimes,
      ],
      fixes: fixes(space, series, most, target),
      byHand: `socklens limits ${target}`,
    },
  ];
}

/** What the programs have that start containers: those alike in one line, a host may have a shim for each of a hundred. */
function runtimeLimits({ runtimeProcesses }: Series): Evidence[] {
  const alike = grouped(runtimeProcesses, ({ name, softLimit, hardLimit }) => `${name} ${softLimit}:${hardLimit}`);
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const { pid, name, softLimit, hardLimit } = first;
    return [
      {
        what: `limit of ${name} (${pid}${others.length === 0 ? '' : ` and ${others.length} more`}) on the host`,
        value: `${softLimit ?? 'unlimited'}:${hardLimit ?? 'unlimited'}`,
        source: `/proc/${pid}/limits`,
      },
    ];
  });
}

function fixes(space: SpaceSeries, series: Series, { process, verdict }: Judged, target: string): Fix[] {
  const platform = platformOfProcess(series, space.space, process);
  const { softLimit, hardLimit } = process;
  switch (verdict.kind) {
    case 'low': {
      const fix = nofileFixes(platform, target, process);
      if (softLimit === null || hardLimit === null || hardLimit <= softLimit) return fix;
      const raise: Fix = {
        where: 'the application',
        text: `it may raise its soft limit up to ${hardLimit} itself, as Go, Node.js and Java do at start`,
        snippet: `python: import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (${hardLimit}, ${hardLimit}))\nsh: ulimit -n ${hardLimit}`,
      };
      return [...fix, raise];
    }
    case 'lowered':
      return [
        {
          where: 'what starts the program in its container',
          text: 'the runtime sets what was declared, something after it lowers it: check for `ulimit -n` in the entrypoint, minfds of supervisord, limits of PAM behind su or login',
        },
        {
          where: 'the running processes',
          text: 'takes effect at once, until they end',
          snippet: `socklens limits ${target} --set nofile=${verdict.declared}`,
        },
      ];
    case 'raised':
      return limitFixes(
        platform,
        'nofile',
        softLimit ?? Number.POSITIVE_INFINITY,
        hardLimit ?? Number.POSITIVE_INFINITY,
      );
    case 'absurd':
      return limitFixes(platform, 'nofile', 65_536, 524_288);
  }
}
