import type { CheckedRule, Diagnosis } from '../model/finding/diagnosis.ts';
import { type Finding, SEVERITIES } from '../model/finding/finding.ts';
import type { Series } from '../model/sample/series.ts';
import { tied } from './causes.ts';
import type { Declarations, Rule } from './rule.ts';

/** How the rules are run. */
export interface ExamineOptions {
  rules: readonly Rule[];
  /** Values that differ from the defaults, by rule and setting. */
  settings: Readonly<Record<string, Readonly<Record<string, number>>>>;
  declared: Declarations;
  /** A clock for how long each rule takes, milliseconds. */
  clock(): number;
}

/** Snapshots that come a little early still cover a window. */
const SLACK = 0.95;

/** Runs the rules over what was seen. */
export function examine(series: Series, options: ExamineOptions): Diagnosis {
  const findings: Finding[] = [];
  const rules: CheckedRule[] = [];
  const seenMs = series.toMs - series.fromMs;
  for (const rule of options.rules) {
    const settings = settingsOf(rule, options.settings[rule.name]);
    const needsMs = rule.needsMs(settings);
    if (seenMs < needsMs * SLACK) {
      rules.push({ rule: rule.name, judged: false, needsMs, findings: 0 });
      continue;
    }
    const begin = options.clock();
    const found = rule.judge({ series, declared: options.declared }, settings);
    findings.push(...found);
    rules.push({
      rule: rule.name,
      judged: true,
      needsMs,
      tookMs: Math.round((options.clock() - begin) * 10) / 10,
      findings: found.length,
    });
  }
  findings.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  const ordered = tied(findings);
  return {
    from: new Date(series.fromMs),
    to: new Date(series.toMs),
    targets: series.namespaces.flatMap(({ namespace }) => namespace.targets),
    findings: ordered,
    rules,
    coverage: { complete: series.notes.length === 0, notes: [...series.notes] },
    healthy: !ordered.some(({ severity }) => severity !== 'info'),
  };
}

/** The values in force for a rule. */
export function settingsOf(rule: Rule, given: Readonly<Record<string, number>> = {}): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [name, { default: usual }] of Object.entries(rule.settings)) values[name] = given[name] ?? usual;
  return values;
}
