import { grouped } from '../../../base/lists.ts';
import { plural } from '../../../base/plural.ts';
import type { DeclaredLimit } from '../../../model/container/container.ts';
import { limitShare, limitText, limitWord } from '../../../model/container/limits.ts';
import type { Evidence, Fix, Severity } from '../../../model/finding/finding.ts';
import type { ProcessSample } from '../../../model/sample/sample.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { programClass } from '../../../platform/program-class.ts';
import { perNamespace } from '../../per-scope.ts';
import { declaredNofileFixes, nofileFixes, nofileNow } from '../../processes/nofile-fixes.ts';
import { ownNofile } from '../../processes/own-nofile.ts';
import { fullestSnapshot, processHolder, processTracks } from '../../processes/process-tracks.ts';
import { unfinishedRequests } from '../../processes/unfinished-requests.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { lastDump, tcpIn } from '../../snapshots/snapshots.ts';
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

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  const last = lastDump(netns);
  const listeners = last === undefined ? [] : tcpIn(last, TCP_STATE.LISTEN);
  const listening = new Set(listeners.flatMap(({ holders }) => holders.map(({ pid }) => pid)));
  const judged = processTracks(netns).flatMap((snapshots): Judged[] => {
    const process = fullestSnapshot(snapshots)?.process;
    if (process === undefined) return [];
    const container = series.containers.find(({ name }) => name === process.container);
    const declared = container?.declared?.limits.find(({ name }) => name === 'nofile');
    // What a program sets itself is no mismatch with what was declared for it.
    const own = ownNofile(process);
    const found = mismatchOf(process, own === undefined ? declared : undefined, listening.has(process.pid), values);
    // One that is a number of connections is as low as its owner wants it; NOFILE_NEAR_LIMIT tells when it is reached.
    const verdict = own?.takesMore === false && found?.kind === 'low' ? undefined : found;
    // On the host itself a low limit of what merely listens is every distribution's default.
    const ordinary = verdict?.severity === 'info' && netns.namespace.host && container === undefined;
    return verdict === undefined || ordinary ? [] : [{ process, verdict }];
  });
  const groups = grouped(judged, ({ process: { container, name, softLimit, hardLimit }, verdict }) =>
    [verdict.kind, container, name, softLimit, hardLimit].join('\n'),
  );
  return [...groups.values()].flatMap((group) => finding(netns, series, group));
}

/** One finding for all processes of a program that are alike. */
function finding(netns: NetnsSeries, series: Series, group: readonly Judged[]): Fault[] {
  const [most] = [...group].sort((a, b) => b.process.used - a.process.used);
  if (most === undefined) return [];
  const { process, verdict } = most;
  const { container, softLimit, hardLimit } = process;
  const holder = processHolder(process);
  const others =
    group.length === 1 ? '' : `, and ${plural(group.length - 1, 'process')} like it`.replace('processs', 'processes');
  const { how } = programClass({ executable: undefined, name: process.name, isGo: false });
  const source = `/proc/${process.pid}/limits`;
  const runtimes = runtimeLimits(series);
  return [
    {
      severity: verdict.severity,
      confidence: 'high',
      holder: group.length === 1 ? holder : { ...(container !== undefined && { container }) },
      summary: `${process.name} (${process.pid})${others}: ${verdict.text}`,
      title: verdict.title,
      evidence: [
        { what: 'soft limit', value: softLimit ?? 'unlimited', unit: 'descriptors', source },
        { what: 'hard limit', value: hardLimit ?? 'unlimited', unit: 'descriptors', source },
        { what: 'open files', value: process.used, unit: 'descriptors', source: `/proc/${process.pid}/fd` },
        ...(softLimit === null
          ? []
          : [{ what: 'share in use', value: percent(limitShare(process.used, softLimit) ?? 0), source }]),
        ...(verdict.declared === undefined
          ? []
          : [{ what: 'declared', value: verdict.declared, source: 'the container runtime' }]),
        ...(how === undefined
          ? []
          : [{ what: `what ${process.name} does with its soft limit at start`, value: how, source: 'known programs' }]),
        ...runtimes,
      ],
      fixes: fixes(netns, series, most),
      byHand: (target) => `socklens limits ${target}`,
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
        value: limitText({ soft: softLimit, hard: hardLimit }),
        source: `/proc/${pid}/limits`,
      },
    ];
  });
}

function fixes(netns: NetnsSeries, series: Series, { process, verdict }: Judged): Fix[] {
  const { softLimit, hardLimit } = process;
  switch (verdict.kind) {
    case 'low': {
      const fix = [...unfinishedRequests(series, netns, process).fixes, ...nofileFixes(series, netns, process)];
      if (softLimit === null || hardLimit === null || hardLimit <= softLimit) return fix;
      if (ownNofile(process) !== undefined) return fix;
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
        nofileNow(netns.namespace, process, String(verdict.declared)),
      ];
    case 'raised':
      return declaredNofileFixes(
        series,
        netns,
        process,
        softLimit ?? Number.POSITIVE_INFINITY,
        hardLimit ?? Number.POSITIVE_INFINITY,
      );
    case 'absurd':
      return declaredNofileFixes(series, netns, process, 65_536, 524_288);
  }
}

const LOW = 'A limit of open files that is too low for a service';

/** What is wrong with a limit of open files. */
interface LimitVerdict {
  /**
   * * `lowered`: less than was declared
   * * `raised`: more than was declared, so that a restart takes it back
   * * `low`: a soft limit that a service outgrows
   * * `absurd`: so high that programs which go through all descriptors seem to hang
   */
  kind: 'lowered' | 'raised' | 'low' | 'absurd';
  severity: Severity;
  /** What it is called as a problem. */
  title: string;
  /** In a sentence. */
  text: string;
  /** `1024:4096`; absent where it does not matter. */
  declared?: string;
}

/**
 * Judges a process's limit against what was declared for its container and against what it uses.
 *
 * @param declared undefined where nothing was
 * @returns undefined when nothing is wrong
 */
function mismatchOf(
  { used, softLimit, hardLimit }: ProcessSample,
  declared: DeclaredLimit | undefined,
  listens: boolean,
  { lowSoft, lowShare, absurdHard }: { lowSoft: number; lowShare: number; absurdHard: number },
): LimitVerdict | undefined {
  const soft = softLimit ?? Number.POSITIVE_INFINITY;
  const hard = hardLimit ?? Number.POSITIVE_INFINITY;
  const other = declared && differs(soft, hard, declared);
  if (declared !== undefined && other !== undefined) {
    const pair = limitText({ soft: unlimited(declared.soft), hard: unlimited(declared.hard) });
    const text = `its limit of open files is ${limitText({ soft, hard })}, declared is ${pair}`;
    const before = other === 'raised' ? '; a restart brings the declared one back' : '';
    const title = `A limit of open files that is ${other === 'lowered' ? 'lower' : 'higher'} than the declared one`;
    return { kind: other, severity: 'warning', title, text: text + before, declared: pair };
  }
  if (soft <= lowSoft) {
    const text = `its soft limit is ${soft} open files${hard > soft ? ` (hard ${limitWord(hard)})` : ''}`;
    if (used > soft * lowShare) {
      return {
        kind: 'low',
        severity: 'warning',
        title: LOW,
        text: `${text}, and ${used} are in use (${percent(limitShare(used, soft) ?? 0)})`,
      };
    }
    if (listens)
      return { kind: 'low', severity: 'info', title: LOW, text: `${text}, low for a server; ${used} are in use` };
  }
  if (hard <= absurdHard) return undefined;
  return {
    kind: 'absurd',
    severity: 'info',
    title: 'A limit of open files that is absurdly high',
    text: `its hard limit is ${limitWord(hard)} open files: a program that iterates over all descriptors (to close them before exec) takes minutes`,
  };
}

/**
 * A program that sets a soft limit of its own within what was declared is no mismatch: Go takes the hard
 * limit or one less, Node.js at most 2^20, nginx what worker_rlimit_nofile says.
 */
function differs(soft: number, hard: number, declared: DeclaredLimit): 'lowered' | 'raised' | undefined {
  const declaredSoft = unlimited(declared.soft);
  const declaredHard = unlimited(declared.hard);
  if (soft < declaredSoft) return 'lowered';
  if (soft > declaredHard) return 'raised';
  // With the declared soft limit unchanged, the hard one was not chosen together with it.
  if (soft === declaredSoft && hard !== declaredHard) return hard < declaredHard ? 'lowered' : 'raised';
  return undefined;
}

/** Engines say -1 for unlimited. */
function unlimited(value: number): number {
  return value < 0 ? Number.POSITIVE_INFINITY : value;
}
