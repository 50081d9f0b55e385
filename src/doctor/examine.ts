import { byName } from '../base/by-name.ts';
import type { CheckedRule, Diagnosis } from '../model/finding/diagnosis.ts';
import { type Finding, SEVERITIES, type Severity } from '../model/finding/finding.ts';
import type { IgnoreEntry } from '../model/finding/ignored.ts';
import type { Series } from '../model/sample/series.ts';
import type { StackFacts } from '../model/stack/stack-facts.ts';
import { atSeverity } from './at-severity.ts';
import { withoutIgnored } from './ignored-findings.ts';
import { inOrderOfProblems, problemsOf } from './problems.ts';
import { Replicas } from './replicas.ts';
import type { Declarations, Rule, RuleInput } from './rule.ts';
import { type Dump, dumpsOf } from './snapshots/snapshots.ts';
import { covers, spanOf } from './snapshots/windows.ts';
import { takeAsked } from './stacks/stack-of.ts';
import { tied } from './tied.ts';

/** How the rules are run. */
export interface ExamineOptions {
  rules: readonly Rule[];
  /** Values that differ from the defaults, by rule and setting. */
  settings: Readonly<Record<string, Readonly<Record<string, number>>>>;
  declared: Declarations;
  /** Findings that are ignored on purpose; absent for none. */
  ignore?: readonly IgnoreEntry[] | undefined;
  /** Findings below it are left out; absent for none. */
  severity?: Severity | undefined;
  /** Findings that no rule makes; they come first. */
  others?: readonly Finding[];
  /** A clock for how long each rule takes, milliseconds. */
  clock(): number;
}

/** Runs the rules over what was seen. */
export function examine(series: Series, options: ExamineOptions): Diagnosis {
  return new Examination(series, options).diagnosis();
}

/** What one rule found, and of which processes it asked for the program. */
interface Judged {
  findings: readonly Finding[];
  checked: CheckedRule;
  asked: ReadonlySet<number>;
}

/** The rules run over what was seen: first without knowing any program, then those that asked for one again. */
export class Examination {
  #series: Series;
  readonly #options: ExamineOptions;
  readonly #seen: Seen;
  readonly #judged = new Map<Rule, Judged>();

  constructor(series: Series, options: ExamineOptions) {
    this.#series = series;
    this.#options = options;
    this.#seen = seenOf(series);
    for (const rule of options.rules) this.#judged.set(rule, this.#judge(rule));
  }

  /** What rules found that asked what the program of some process is, the most severe first. */
  get findingsOfAsking(): readonly Finding[] {
    return this.#inOrder([...this.#judged.values()].filter(({ asked }) => asked.size > 0));
  }

  /**
   * Judges again by the rules that asked for one of these programs: for the others nothing has changed.
   *
   * @param notes further sentences about what was not read
   */
  learn(stacks: readonly StackFacts[], notes: readonly string[]): void {
    this.#series = { ...this.#series, stacks, notes: [...this.#series.notes, ...notes] };
    const known = new Set(stacks.map(({ pid }) => pid));
    for (const [rule, { asked, checked }] of this.#judged) {
      if ([...asked].some((pid) => known.has(pid))) this.#judged.set(rule, this.#judge(rule, checked.tookMs));
    }
  }

  /** What rules judge, with the programs that were learnt. */
  get input(): RuleInput {
    return { series: this.#series, declared: this.#options.declared };
  }

  /** All that was found, with its causes. */
  diagnosis(): Diagnosis {
    const series = this.#series;
    const { rules, settings, others = [], severity = 'info', declared, ignore = [] } = this.#options;
    const judged = [...this.#judged.values()];
    const replicas = new Replicas(series);
    const ordered = tied(this.#inOrder(judged), replicas.keyOf).map(({ causedBy, ...finding }) =>
      causedBy === undefined ? finding : { ...finding, causedBy: causedBy + others.length },
    );
    const { findings: left, ignored } = withoutIgnored([...others, ...ordered], ignore, replicas, series.toMs);
    const wanted = atSeverity(left, severity);
    const known = new Map(
      rules.map((rule) => {
        const needsMs = rule.needsMs(settingsOf(rule, settings[rule.name]));
        return [rule.name, { title: rule.title, needsMs }];
      }),
    );
    const problems = problemsOf(wanted.findings, { replicas, declared, ruleOf: (name) => known.get(name) });
    return {
      from: new Date(series.fromMs),
      to: new Date(series.toMs),
      targets: series.namespaces.flatMap(({ namespace }) => namespace.targets),
      ...inOrderOfProblems(wanted.findings, problems),
      rules: judged.map(({ checked }) => checked),
      coverage: { complete: series.notes.length === 0, notes: [...series.notes] },
      healthy: wanted.findings.every((finding) => finding.severity === 'info'),
      ...(wanted.leftOut !== undefined && { leftOut: wanted.leftOut }),
      ...(ignored.length > 0 && { ignored }),
    };
  }

  /** @param tookMs milliseconds that this rule has taken before */
  #judge(rule: Rule, tookMs = 0): Judged {
    const { clock, declared } = this.#options;
    const settings = settingsOf(rule, this.#options.settings[rule.name]);
    const series = this.#series;
    const begin = clock();
    takeAsked(series);
    // A short series may still prove a fault, by the ages that the kernel keeps. It proves no absence.
    const findings = rule.judge({ series, declared }, settings);
    const asked = takeAsked(series);
    const seen = this.#seen;
    const needsMs = Math.max(rule.needsMs(settings), (rule.needsSnapshots(settings) - 1) * seen.intervalMs);
    const isLongEnough = covers(seen.ms, rule.needsMs(settings)) && seen.dumps >= rule.needsSnapshots(settings);
    const checked: CheckedRule = {
      rule: rule.name,
      judged: isLongEnough || findings.length > 0,
      needsMs,
      tookMs: Math.round((tookMs + clock() - begin) * 10) / 10,
      findings: findings.length,
    };
    return { findings, checked, asked };
  }

  /** Findings, the most severe first, then in the order of the rules. */
  #inOrder(judged: readonly Judged[]): Finding[] {
    const order = new Map(this.#options.rules.map(({ name }, index) => [name, index]));
    return judged
      .flatMap(({ findings }) => findings)
      .sort(
        (a, b) =>
          SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
          (order.get(a.rule) ?? 0) - (order.get(b.rule) ?? 0) ||
          inOrderOfPlaces(a, b),
      );
  }
}

/** Sockets come in the order of the kernel's hash tables, which differs from dump to dump: no order to report in. */
function inOrderOfPlaces(a: Finding, b: Finding): number {
  return (
    byName(a.scope.target, b.scope.target) ||
    (a.scope.pid ?? 0) - (b.scope.pid ?? 0) ||
    byName(a.about ?? '', b.about ?? '')
  );
}

/** What a series is long enough for. */
interface Seen {
  ms: number;
  /** Dumps of the namespace that has most of them. */
  dumps: number;
  /** The usual time between two of them; that of the default where there are not two. */
  intervalMs: number;
}

const DEFAULT_INTERVAL_MS = 1000;

function seenOf({ fromMs, toMs, namespaces }: Series): Seen {
  let most: readonly Dump[] = [];
  for (const namespace of namespaces) {
    const dumps = dumpsOf(namespace);
    if (dumps.length > most.length) most = dumps;
  }
  const intervalMs = most.length < 2 ? DEFAULT_INTERVAL_MS : Math.round(spanOf(most) / (most.length - 1));
  return { ms: toMs - fromMs, dumps: most.length, intervalMs };
}

/** The values in force for a rule. */
export function settingsOf(rule: Rule, given: Readonly<Record<string, number>> = {}): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [name, { default: usual }] of Object.entries(rule.settings)) values[name] = given[name] ?? usual;
  return values;
}
