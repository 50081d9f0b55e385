import { limitFixes } from '../analyze/platform/fixes.ts';
import { safeText } from '../base/safe-text.ts';
import { wrapWords } from '../base/word-wrap.ts';
import type { Diagnosis } from '../model/diagnosis.ts';
import type { Finding } from '../model/finding.ts';
import type { LabMoment, LabPhaseResult } from '../model/lab-phase.ts';
import { limitPercent } from '../model/limits.ts';
import type { LoadPlan, LoadSecond } from '../model/load-report.ts';
import { budgetLines, errorCount, firstsText, loadText, otherErrors, verbLines } from './lab-facts.ts';

const USUAL_WIDTH = 100;

/** Columns of the line about `watch`, without its picture. */
const WATCH_WIDTH = 78;

/** What of the lab the story needs. */
interface Cast {
  what: string;
  maxConnections: number;
  instances: number;
  maxIdle: number;
}

/** What a phase has that the one before had not. */
interface Settings {
  maxOpen: number;
  nofile: number;
}

interface Receivers {
  /** TARGETs, the busiest first. */
  receivers: readonly string[];
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
      'What the person saw: "error 1040, too many connections" in the log; by nsenter and netstat 63 connections of one container to the database, and 257 half a minute later; a limit of 1024 open files inside, and about 30,000 on the host.',
      `Here it runs as ${what}.`,
    ]);
  }

  measured(capacity: number, { load, queryMs }: { load: LoadPlan; queryMs: number }): string {
    const share = Math.round((load.goal / capacity) * 100);
    return this.#paragraphs([
      `This machine does ${Math.round(capacity)} requests a second through all of it; the load rises to ${load.goal} a second (${share} % of that), in waves of ${load.wave}; a query takes ${queryMs} ms.`,
    ]);
  }

  phase({ maxOpen, nofile }: Settings, index: number, { maxIdle, receivers }: Cast & Receivers): string {
    const [busiest = ''] = receivers;
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
      ...(index === 0 ? byHand(busiest) : []),
      ...(index === 2 ? ecsLines(nofile) : []),
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
    return `\n${facts.map((fact) => this.#fact(fact)).join('')}${this.#findings(result.diagnosis)}`;
  }

  /** Somebody ended it. */
  stopped(): string {
    return '\nStopped; nothing of it is left.\n';
  }

  closing(results: readonly LabPhaseResult[], mended: boolean): string {
    const rows = results.map(({ name, load, moments, diagnosis }) => {
      const peak = Math.max(0, ...moments.map(({ toDatabase }) => toDatabase));
      const findings = diagnosis.findings.filter(({ severity }) => severity !== 'info').length;
      return `  ${name.padEnd(14)}${String(load.servedAtGoal).padStart(8)}/s${String(errorCount(load.errors)).padStart(9)} errors${String(Math.round(load.maxMs ?? 0)).padStart(7)} ms worst${String(peak).padStart(6)} to db${String(findings).padStart(4)} findings\n`;
    });
    const verdict = mended
      ? 'Both mended, the same load passes: no error, no finding, and every budget of a guard holds.'
      : 'Not all of it was mended: see the findings above.';
    return `\n# Before and after\n${rows.join('')}\n${verdict}\n`;
  }

  #findings({ findings }: Diagnosis): string {
    const wanted = findings.filter(({ severity }) => severity !== 'info');
    if (wanted.length === 0) return this.#indented('doctor  nothing that needs fixing');
    // Four instances have the same fault: what mends it is told once.
    const told = new Set<string>();
    const texts = wanted.map((finding) => {
      const text = this.#finding(finding, !told.has(finding.rule));
      told.add(finding.rule);
      return text;
    });
    return `  doctor\n${texts.join('')}`;
  }

  #finding({ severity, rule, scope, summary, fixes }: Finding, withFix: boolean): string {
    const [fix] = fixes;
    const mend = fix === undefined || !withFix ? '' : this.#indented(`Fix (${fix.where}): ${fix.text}`, '      ');
    return this.#indented(`${severity} ${rule} (${scope.name}): ${summary}`, '    ') + mend;
  }

  /** A fact whose first word is a verb, or what was measured; what does not fit stands below the rest. */
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

/** What to type in another terminal for the same. */
function byHand(target: string): string[] {
  const name = safeText(target);
  return [
    '  by hand, in another terminal while it runs:',
    `    socklens watch ${name} dport 3306`,
    `    socklens limits ${name}`,
    `    socklens doctor ${name} --for 10s`,
  ];
}

/** The story's tasks ran on ECS, whatever they run on here. */
function ecsLines(nofile: number): string[] {
  const fixes = limitFixes({ kind: 'ecs-ec2', hostNetwork: false }, 'nofile', nofile, nofile);
  const snippet = fixes[0]?.snippet?.split('\n') ?? [];
  return [
    '  In the incident these were ECS tasks; this went into the task definition:',
    ...snippet.map((line) => `    ${line}`),
  ];
}
