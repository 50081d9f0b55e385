import { exactDurationText } from '../base/duration.ts';
import { grouped } from '../base/lists.ts';
import { CONFIDENCES, type Finding, SEVERITIES, type Severity } from '../model/finding/finding.ts';
import type { Problem, ProblemPlace, Symptom } from '../model/finding/problem.ts';
import { numbersOf } from './problem-numbers.ts';
import { placesOf } from './problem-places.ts';
import type { Replicas } from './replicas.ts';
import type { Declarations } from './rule.ts';

/** What problems are made with, beside the findings. */
export interface ProblemContext {
  replicas: Replicas;
  /** The rule of a name; undefined for a finding that no rule made. */
  ruleOf(name: string): KnownRule | undefined;
  declared: Declarations;
}

/** What is needed of a rule: its title, and how long it must look with the settings in force, milliseconds. */
export interface KnownRule {
  title: string;
  needsMs: number;
}

/** Default duration of `socklens doctor`, which a command need not say. */
const USUAL_MS = 10_000;

/** With more targets a command examines everything. */
const MAX_TARGETS = 6;

/**
 * Puts findings together: a problem is a cause with its symptoms and every place that shares it. Causes of one rule
 * are one problem where they are about the same and in replicas of one service, or in programs of one name with the
 * same fix. The problem that does most harm comes first, among equals the one that explains more.
 *
 * @param findings as `tied` orders them: `causedBy` is an index of this list
 */
export function problemsOf(findings: readonly Finding[], context: ProblemContext): Problem[] {
  const roots = findings.map((_, index) => rootOf(index, findings));
  const indexes = findings.map((_, index) => index);
  const symptomsOf = grouped(
    indexes.filter((index) => roots[index] !== index),
    (index) => roots[index],
  );
  const causes = grouped(
    indexes.filter((index) => roots[index] === index),
    (index) => causeKey(findings[index] as Finding, context.replicas),
  );
  const problems = [...causes.values()].map((members) => {
    const symptoms = members.flatMap((index) => symptomsOf.get(index) ?? []);
    return problemOf(worstFirst(members, findings), worstFirst(symptoms, findings), findings, context);
  });
  return problems.sort(
    (a, b) => rank(a.severity) - rank(b.severity) || b.symptoms.length - a.symptoms.length || sizeOf(b) - sizeOf(a),
  );
}

/** The findings in the order of their problems, within each as they were; indexes are of the new order. */
export function inOrderOfProblems(
  findings: readonly Finding[],
  problems: readonly Problem[],
): { findings: Finding[]; problems: Problem[] } {
  const order = problems.flatMap(({ causes, symptoms }) =>
    [...causes, ...symptoms.flatMap((symptom) => symptom.findings)].sort((a, b) => a - b),
  );
  const places = new Map(order.map((old, index) => [old, index]));
  const moved = (old: number) => places.get(old) ?? old;
  return {
    findings: order.flatMap((old) => {
      const finding = findings[old];
      if (finding === undefined) return [];
      return finding.causedBy === undefined ? finding : { ...finding, causedBy: moved(finding.causedBy) };
    }),
    problems: problems.map((problem) => ({
      ...problem,
      causes: problem.causes.map(moved),
      symptoms: problem.symptoms.map((symptom) => ({ ...symptom, findings: symptom.findings.map(moved) })),
    })),
  };
}

/** The finding at the start of the chain of causes. */
function rootOf(index: number, findings: readonly Finding[]): number {
  let root = index;
  for (let cause = findings[root]?.causedBy; cause !== undefined; cause = findings[root]?.causedBy) root = cause;
  return root;
}

function causeKey(finding: Finding, replicas: Replicas): string {
  const { rule, about = '', scope, fixes } = finding;
  const key = replicas.keyOf(finding);
  // Nothing but the name says that programs outside of containers are the same: their fix must be, but for its numbers.
  const fix = scope.container === undefined ? JSON.stringify(fixes[0] ?? '').replace(/\d+/g, '0') : '';
  return [rule, about, key, fix].join('\n');
}

function problemOf(
  causes: readonly number[],
  symptoms: readonly number[],
  findings: readonly Finding[],
  context: ProblemContext,
): Problem {
  const causing = causes.flatMap((index) => findings[index] ?? []);
  const all = [...causes, ...symptoms].flatMap((index) => findings[index] ?? []);
  const worst = causing[0] as Finding;
  const { about } = worst;
  const [fix] = worst.fixes;
  const since = causing.flatMap(({ since: one }) => one ?? []).sort()[0];
  const key = context.replicas.keyOf(worst);
  // A replica in which the cause was not seen, and its effect was, has it as well.
  const sharing = all.filter((finding) => causing.includes(finding) || isShared(finding, worst, key, context));
  const places = placesOf(
    sharing.map(({ scope }) => scope),
    context.replicas,
  );
  return {
    rule: worst.rule,
    title: titleOf(worst, context),
    severity: worstOf(all),
    confidence: causing.reduce((most, { confidence }) => maximum(most, confidence), worst.confidence),
    ...(about !== undefined && { about }),
    places,
    ...(since !== undefined && { since }),
    numbers: numbersOf(causing),
    ...(fix !== undefined && { fix }),
    verify: verifyOf(worst, places, context),
    causes,
    symptoms: symptomGroups(symptoms, findings, context),
  };
}

function isShared(finding: Finding, cause: Finding, key: string, { replicas }: ProblemContext): boolean {
  return cause.about !== undefined && finding.about === cause.about && replicas.keyOf(finding) === key;
}

function symptomGroups(symptoms: readonly number[], findings: readonly Finding[], context: ProblemContext): Symptom[] {
  const byRule = grouped(symptoms, (index) => findings[index]?.rule);
  return [...byRule.entries()].map(([rule, members]) => {
    const of = members.flatMap((index) => findings[index] ?? []);
    return { rule, title: titleOf(of[0] as Finding, context), severity: worstOf(of), findings: members };
  });
}

function titleOf({ rule, title, summary }: Finding, { ruleOf }: ProblemContext): string {
  return title ?? ruleOf(rule)?.title ?? summary;
}

/**
 * The doctor with the rule of the cause alone, on the places that have it: its exit status is 0 once the cause is gone.
 * What was declared on the command line is declared again where a number of the finding is from there.
 */
function verifyOf(
  { rule, byHand, evidence, verifyWith }: Finding,
  places: readonly ProblemPlace[],
  { ruleOf, declared }: ProblemContext,
): string {
  const known = ruleOf(rule);
  if (known === undefined) return byHand;
  const targets = [...new Set(places.flatMap((place) => place.targets))];
  const rests = (option: string) => evidence.some(({ source }) => source.includes(option));
  const words = [
    'socklens doctor',
    ...(targets.length > MAX_TARGETS ? [] : targets),
    verifyWith ?? `--rule ${rule}`,
    ...(rests('--pool') && verifyWith === undefined
      ? declared.pools.map(({ endpoint, cap }) => `--pool ${endpoint.host}:${endpoint.port}=${cap}`)
      : []),
    ...(rests('--server-limit')
      ? declared.serverLimits.map(({ endpoint, limit }) => `--server-limit ${endpoint.host}:${endpoint.port}=${limit}`)
      : []),
    ...(rests('--replicas')
      ? declared.replicas.map(
          ({ service, count }) => `--replicas ${service === undefined ? '' : `${service}=`}${count}`,
        )
      : []),
    ...(known.needsMs > USUAL_MS ? [`--for ${exactDurationText(known.needsMs * 1000)}`] : []),
  ];
  return words.join(' ');
}

/** By severity, then by the first number: the largest amount is the worst. */
function worstFirst(indexes: readonly number[], findings: readonly Finding[]): number[] {
  const amount = (index: number) => {
    const first = findings[index]?.evidence[0]?.value;
    return typeof first === 'number' ? first : 0;
  };
  const rankOf = (index: number) => rank(findings[index]?.severity ?? 'info');
  return [...indexes].sort((a, b) => rankOf(a) - rankOf(b) || amount(b) - amount(a));
}

function worstOf(findings: readonly Finding[]): Severity {
  return SEVERITIES[Math.min(...findings.map(({ severity }) => rank(severity)))] ?? 'info';
}

function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

function maximum(a: Finding['confidence'], b: Finding['confidence']): Finding['confidence'] {
  return CONFIDENCES.indexOf(a) >= CONFIDENCES.indexOf(b) ? a : b;
}

/** How many findings it puts together. */
function sizeOf({ causes, symptoms }: Problem): number {
  return causes.length + symptoms.reduce((sum, { findings }) => sum + findings.length, 0);
}
