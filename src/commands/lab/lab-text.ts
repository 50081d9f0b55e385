import { durationText } from '../../base/duration.ts';
import { plural } from '../../base/plural.ts';
import { safeText } from '../../base/safe-text.ts';
import { wrapWords } from '../../base/word-wrap.ts';
import { limitPercent } from '../../model/container/limits.ts';
import type { Diagnosis } from '../../model/finding/diagnosis.ts';
import type { LabMoment, LabPhaseResult } from '../../model/report/lab-phase.ts';
import type { LoadPlan, LoadSecond } from '../../model/report/load-report.ts';
import { limitFixes } from '../../platform/fixes.ts';
import { problemLines } from '../../render/problem-text.ts';
import { foundText } from '../../render/problem-words.ts';
import { budgetLines, errorCount, firstsText, loadText, otherErrors, verbLines } from './lab-facts.ts';

/** Columns where the output is not a terminal. */
const DEFAULT_WIDTH = 100;

/** Columns of the line about `watch`, without its sparkline. */
const WATCH_WIDTH = 78;

/** The constants of the lab that the text names. */
interface LabConstants {
  what: string;
  maxConnections: number;
  instances: number;
  maxIdle: number;
}

/** What a phase changes. `maxOpen` 0 is no limit. */
interface Settings {
  maxOpen: number;
  nofile: number;
}

interface Receivers {
  /** TARGETs, the busiest first. */
  receivers: readonly string[];
}

/** The output of `lab` as text. */
export class LabText {
  readonly #width: number;

  constructor(width: number | undefined) {
    this.#width = Math.min(width ?? DEFAULT_WIDTH, 120);
  }

  opening({ what, maxConnections, instances, maxIdle }: LabConstants): string {
    return this.#paragraphs([
      `The incident: a webhook receiver in ${instances} instances behind a load balancer. Each has a connection pool that keeps ${maxIdle} idle connections but does not limit open ones, and a limit of 1024 open files. The database accepts ${maxConnections} connections.`,
      'The symptoms: "error 1040, too many connections" in the log; nsenter and netstat showed 63 connections of one container to the database, and 257 half a minute later; a limit of 1024 open files inside the container, and of about 30,000 on the host.',
      `The lab runs as ${what}.`,
    ]);
  }

  measured(capacity: number, { load, queryMs }: { load: LoadPlan; queryMs: number }): string {
    const share = Math.round((load.goal / capacity) * 100);
    return this.#paragraphs([
      `This machine handles ${Math.round(capacity)} requests/s end to end. The load rises to ${load.goal}/s (${share} %), in waves of ${load.wave}; a query takes ${queryMs} ms.`,
    ]);
  }

  phase({ maxOpen, nofile }: Settings, index: number, { maxIdle, receivers }: LabConstants & Receivers): string {
    const [busiest = ''] = receivers;
    const title = [
      '1. The incident: SetMaxIdleConns was set where SetMaxOpenConns was meant',
      '2. The first fix: limit the pool',
      '3. The second fix: raise the limit of open files',
    ][index];
    const open = maxOpen === 0 ? 'no limit on open connections' : `at most ${maxOpen} open connections`;
    return [
      '',
      `# ${title}`,
      `  pool: ${maxIdle} idle connections kept, ${open}; nofile ${nofile}`,
      ...(index === 0 ? byHand(busiest) : []),
      ...(index === 2 ? ecsLines(nofile) : []),
      '',
      `${'time'.padStart(6)}${'requests'.padStart(10)}${'1040'.padStart(7)}${'EMFILE'.padStart(8)}${'other'.padStart(7)}${'worst ms'.padStart(10)}${'to db'.padStart(8)}${'all'.padStart(6)}  descriptors of the busiest instance`,
      '',
    ].join('\n');
  }

  second(second: LoadSecond, moment: LabMoment | undefined): string {
    const { requests, errors, maxMs } = second;
    const descriptors =
      moment === undefined || moment.limit === 0
        ? '-'
        : `${moment.descriptors}/${moment.limit} (${limitPercent(moment.descriptors, moment.limit)}%)`;
    const cells = [
      `${second.second}s`.padStart(6),
      String(requests).padStart(10),
      count(errors.tooManyConnections).padStart(7),
      count(errors.descriptors).padStart(8),
      count(otherErrors(errors)).padStart(7),
      (maxMs === undefined ? '-' : String(Math.round(maxMs))).padStart(10),
      String(moment?.toDatabase ?? '-').padStart(8),
      String(moment?.toDatabaseAll ?? '-').padStart(6),
      `  ${descriptors}`,
    ];
    return `${cells.join('')}\n`;
  }

  result(result: LabPhaseResult): string {
    const room = this.#width - WATCH_WIDTH;
    const firsts = firstsText(result);
    const facts = [
      `load    ${loadText(result)}`,
      ...verbLines(result, Math.min(room, result.moments.length)),
      ...(firsts === undefined ? [] : [`first   ${firsts}`]),
      ...budgetLines(result),
    ];
    return `\n${facts.map((fact) => this.#fact(fact)).join('')}${this.#problems(result.diagnosis)}`;
  }

  /** The `serve` that runs beside it. */
  page(link: string): string {
    return `\n  The page of socklens serve, now and while the lab goes on:\n    ${link}\n`;
  }

  /** After the lab, with a `serve` beside it. @param ms how long it stays; undefined until Ctrl-C */
  staying(link: string, ms: number | undefined): string {
    const end = ms === undefined ? 'until Ctrl-C' : `for ${durationText(ms)}`;
    return `\nThe page has all of it, and stays ${end}, and the fixed service with it: both problems, the pool as it\nrises and falls to a flat floor, the descriptors at their limit, and an incident that begins before the\nfirst error:\n  ${link}\n`;
  }

  /** After Ctrl-C. */
  stopped(): string {
    return '\nStopped; everything was removed.\n';
  }

  closing(results: readonly LabPhaseResult[], isFixed: boolean): string {
    const rows = results.map(({ name, load, moments, diagnosis }) => {
      const peak = Math.max(0, ...moments.map(({ toDatabase }) => toDatabase));
      const problems = plural(diagnosis.problems.filter(({ severity }) => severity !== 'info').length, 'problem');
      return `  ${name.padEnd(14)}${String(load.servedAtGoal).padStart(8)}/s${String(errorCount(load.errors)).padStart(9)} errors${String(Math.round(load.maxMs ?? 0)).padStart(7)} ms worst${String(peak).padStart(6)} to db   ${problems}\n`;
    });
    const verdict = isFixed
      ? 'With both fixes the same load passes: no errors, no problems, and every budget is kept.'
      : 'Problems remain with both fixes: see above.';
    return `\n# Before and after\n${rows.join('')}\n${verdict}\n`;
  }

  #problems(diagnosis: Diagnosis): string {
    const problems = diagnosis.problems.filter(({ severity }) => severity !== 'info');
    if (problems.length === 0) return this.#indented('doctor  no problems found');
    const style = { width: this.#width, colour: false, indent: '    ' };
    const lines = problems.flatMap((problem) => [...problemLines(problem, diagnosis, style), '']);
    return `  doctor  ${foundText(diagnosis)}\n${lines.join('\n')}`;
  }

  /** A labelled fact; lines after the first are indented below its text. */
  #fact(text: string): string {
    return this.#indented(text, '  ', ' '.repeat(8));
  }

  #paragraphs(texts: readonly string[]): string {
    return texts.map((text) => this.#indented(text, '')).join('');
  }

  #indented(text: string, indent = '  ', hanging = '  '): string {
    return wrapWords(safeText(text), this.#width, indent, indent + hanging)
      .map((line) => `${line}\n`)
      .join('');
  }
}

function count(value: number | undefined): string {
  return value === undefined || value === 0 ? '-' : String(value);
}

/** Commands to run in another terminal meanwhile. */
function byHand(target: string): string[] {
  const name = safeText(target);
  return [
    '  Meanwhile, in another terminal:',
    `    socklens watch ${name} dport 3306`,
    `    socklens limits ${name}`,
    `    socklens doctor ${name} --for 10s`,
  ];
}

/** The fix as the incident's platform, ECS, takes it. */
function ecsLines(nofile: number): string[] {
  const fixes = limitFixes({ kind: 'ecs-ec2', hostNetwork: false }, 'nofile', nofile, nofile);
  const snippet = fixes[0]?.snippet?.split('\n') ?? [];
  return [
    '  On ECS, where the incident happened, the fix in the task definition:',
    ...snippet.map((line) => `    ${line}`),
  ];
}
