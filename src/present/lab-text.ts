import type { Diagnosis } from '../model/diagnosis.ts';
import type { Finding } from '../model/finding.ts';
import type { LabMoment, LabPhaseResult } from '../model/lab-phase.ts';
import type { LoadErrors, LoadPlan, LoadSecond } from '../model/load-report.ts';
import { durationText } from './quantity-text.ts';
import { safeText } from './safe-text.ts';
import { wrapped } from './wrapped.ts';

const USUAL_WIDTH = 100;

/** What of the lab the story needs. */
interface Cast {
  what: string;
  maxConnections: number;
  instances: number;
  maxIdle: number;
}

/** The story of the lab, for a person. */
export class LabText {
  readonly #width: number;

  constructor(width: number | undefined) {
    this.#width = Math.min(width ?? USUAL_WIDTH, 120);
  }

  opening({ what, maxConnections, instances, maxIdle }: Cast): string {
    return this.#paragraphs([
      `The founding incident: a webhook receiver in ${instances} instances behind a load balancer, each with a pool that keeps ${maxIdle} idle connections and has no cap on open ones, and may open 1024 files; a database that lets ${maxConnections} connections in.`,
      `It runs as ${what}.`,
    ]);
  }

  measured(capacity: number, { load, queryMs }: { load: LoadPlan; queryMs: number }): string {
    const share = Math.round((load.goal / capacity) * 100);
    return this.#paragraphs([
      `This machine does ${Math.round(capacity)} requests a second through all of it; the load rises to ${load.goal} a second (${share} % of that), in waves of ${load.wave}; a query takes ${queryMs} ms.`,
    ]);
  }

  phase({ maxOpen, nofile }: { maxOpen: number; nofile: number }, index: number, { maxIdle }: Cast): string {
    const title = [
      '1. The incident: SetMaxIdleConns was taken for SetMaxOpenConns',
      '2. The first fix: the pool gets its cap',
      '3. The second fix: the limit of open files',
    ][index];
    const open = maxOpen === 0 ? 'no cap on open connections' : `at most ${maxOpen} open connections`;
    return [
      '',
      `# ${title}`,
      `  pool: ${maxIdle} idle connections kept, ${open}; nofile ${nofile}`,
      '',
      `${'time'.padStart(6)}${'requests'.padStart(10)}${'1040'.padStart(7)}${'EMFILE'.padStart(8)}${'other'.padStart(7)}${'worst ms'.padStart(10)}${'to db'.padStart(8)}${'all'.padStart(6)}  descriptors of the busiest`,
      '',
    ].join('\n');
  }

  second(second: LoadSecond, moment: LabMoment | undefined): string {
    const { requests, errors, maxMs } = second;
    const descriptors =
      moment === undefined || moment.limit === 0
        ? '-'
        : `${moment.descriptors}/${moment.limit} (${Math.round((moment.descriptors / moment.limit) * 100)}%)`;
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

  result({ load, moments, firsts, diagnosis, hostLimit, nofile }: LabPhaseResult): string {
    const peak = Math.max(0, ...moments.map(({ toDatabase }) => toDatabase));
    const floor = moments.at(-1)?.toDatabase ?? 0;
    const { poolNamed, limitNamed, tooManyConnections, descriptors } = firsts;
    const facts = [
      `${load.requests} requests: ${load.servedAtGoal}/s served at the goal, ${errorText(load.errors)}, worst ${Math.round(load.maxMs ?? 0)} ms`,
      `connections of one instance to the database: at most ${peak}, ${floor} after the load; nofile ${nofile}, while the host's PID 1 has ${hostLimit ?? 'no limit'}`,
    ];
    const when = [
      tooManyConnections === undefined ? undefined : `the first error 1040 after ${durationText(tooManyConnections)}`,
      poolNamed === undefined
        ? undefined
        : `the doctor named the pool after ${durationText(poolNamed.ms)} (${poolNamed.rule})`,
      limitNamed === undefined ? undefined : `the limit after ${durationText(limitNamed.ms)} (${limitNamed.rule})`,
      descriptors === undefined
        ? undefined
        : `the first instance ran out of descriptors after ${durationText(descriptors)}`,
    ].filter((part) => part !== undefined);
    if (when.length > 0) facts.push(when.join('; '));
    return `\n${facts.map((fact) => this.#indented(fact)).join('')}${this.#findings(diagnosis)}`;
  }

  closing(results: readonly LabPhaseResult[], mended: boolean): string {
    const rows = results.map(({ name, load, moments, diagnosis }) => {
      const peak = Math.max(0, ...moments.map(({ toDatabase }) => toDatabase));
      const findings = diagnosis.findings.filter(({ severity }) => severity !== 'info').length;
      return `  ${name.padEnd(14)}${String(load.servedAtGoal).padStart(8)}/s${String(errorCount(load.errors)).padStart(9)} errors${String(Math.round(load.maxMs ?? 0)).padStart(7)} ms worst${String(peak).padStart(6)} to db${String(findings).padStart(4)} findings\n`;
    });
    const verdict = mended
      ? 'Both mended, the same load passes: no error, no finding.'
      : 'Not all of it was mended: see the findings above.';
    return `\n# Before and after\n${rows.join('')}\n${verdict}\n`;
  }

  #findings({ findings }: Diagnosis): string {
    const wanted = findings.filter(({ severity }) => severity !== 'info');
    if (wanted.length === 0) return this.#indented('socklens doctor: nothing that needs mending');
    // Four instances have the same fault: what mends it is told once.
    const told = new Set<string>();
    const texts = wanted.map((finding) => {
      const text = this.#finding(finding, !told.has(finding.rule));
      told.add(finding.rule);
      return text;
    });
    return `  socklens doctor:\n${texts.join('')}`;
  }

  #finding({ severity, rule, scope, summary, fixes }: Finding, withFix: boolean): string {
    const [fix] = fixes;
    const mend = fix === undefined || !withFix ? '' : this.#indented(`mend it, ${fix.where}: ${fix.text}`, '      ');
    return this.#indented(`${severity} ${rule} (${scope.name}): ${summary}`, '    ') + mend;
  }

  #paragraphs(texts: readonly string[]): string {
    return texts.map((text) => this.#indented(text, '')).join('');
  }

  #indented(text: string, indent = '  '): string {
    return wrapped(safeText(text), this.#width - indent.length - 2)
      .map((row) => `${indent}${row.first ? '' : '  '}${row.text}\n`)
      .join('');
  }
}

function count(value: number | undefined): string {
  return value === undefined || value === 0 ? '-' : String(value);
}

function otherErrors({ otherAnswer = 0, connection = 0, timeout = 0 }: LoadErrors): number {
  return otherAnswer + connection + timeout;
}

function errorCount(errors: LoadErrors): number {
  return (errors.tooManyConnections ?? 0) + (errors.descriptors ?? 0) + otherErrors(errors);
}

function errorText(errors: LoadErrors): string {
  const parts = [
    errors.tooManyConnections === undefined ? undefined : `${errors.tooManyConnections} with error 1040`,
    errors.descriptors === undefined ? undefined : `${errors.descriptors} for want of a descriptor`,
    otherErrors(errors) === 0 ? undefined : `${otherErrors(errors)} failed otherwise`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? 'no error' : parts.join(', ');
}
