/** What the doctor says of a recording, and how right that is. */
import { localMachine } from '../../../src/collect/local-machine.ts';
import { doctor } from '../../../src/commands/doctor/doctor.ts';
import { RULES } from '../../../src/doctor/catalogue.ts';
import type { Diagnosis } from '../../../src/model/finding/diagnosis.ts';
import type { Finding, Fix } from '../../../src/model/finding/finding.ts';
import type { Problem } from '../../../src/model/finding/problem.ts';
import type { SampleSource } from '../../../src/sources/sample-source.ts';
import type { Expected } from './incident.ts';

/**
 * `first`: the right cause is the first finding. `named`: it stands after another one. `missed`: it is not there.
 * `wrong`: it is not there and something else is, or its advice would not help.
 */
export type Outcome = 'first' | 'named' | 'missed' | 'wrong';

/** An outcome with the reason, for a person. */
export interface Judgement {
  outcome: Outcome;
  /** What was said instead, or what the fix lacks; empty for `first`. */
  why: string;
  /** Problems that are neither the cause nor expected beside it: false alarms. Empty where the cause is not there. */
  alarms: readonly string[];
}

/**
 * Runs the doctor on a recording, as `socklens doctor --from FILE` does.
 *
 * @param through what the ticks are read through
 */
export async function diagnoseRecording(
  file: string,
  through?: (source: SampleSource) => SampleSource,
): Promise<Diagnosis> {
  let written = '';
  const write = (text: string | Uint8Array) => {
    written += typeof text === 'string' ? text : new TextDecoder().decode(text);
  };
  const out = { write, columns: undefined };
  await doctor(
    { machine: localMachine({}), out, err: { write: () => {}, columns: undefined } },
    {
      target: undefined,
      from: { file, untilMs: undefined, speed: undefined },
      intervalMs: 1000,
      forMs: undefined,
      events: true,
      numeric: false,
      host: true,
      rules: RULES.map(({ name }) => name),
      skip: [],
      settings: {},
      declared: { pools: [], serverLimits: [], replicas: [] },
      format: 'json',
      through,
    },
  );
  return JSON.parse(written) as Diagnosis;
}

/** The findings that say that something is wrong, in the order of the report. */
export function complaints({ findings }: Pick<Diagnosis, 'findings'>): Finding[] {
  return findings.filter(({ severity }) => severity !== 'info');
}

/** Where a finding is, in a line: scope, subject and summary. */
export function placeOf({ scope, about = '', summary }: Finding): string {
  return `${scope.kind} ${scope.name} | ${about} | ${summary}`;
}

/** Compares a diagnosis with the right answer: the problems as they are printed, with the one fix of each. */
export function judge({ problems, findings }: Pick<Diagnosis, 'problems' | 'findings'>, expected: Expected): Judgement {
  const { rules, place, beside = [], names = [], says = [], never = [] } = expected;
  const isRight = (finding: Finding | undefined) =>
    finding !== undefined && rules.includes(finding.rule) && place.test(placeOf(finding));
  const causesOf = ({ causes }: Problem) => causes.flatMap((index) => findings[index] ?? []);
  const text = (problem: Problem) => `${problem.rule}: ${causesOf(problem).map(placeOf).join(', ')}`;
  const said = problems.filter(
    ({ rule, severity }) => severity !== 'info' || (expected.severity && rules.includes(rule)),
  );
  const right = said.find((problem) => causesOf(problem).some(isRight));
  if (right === undefined) {
    const above = said.find(({ symptoms }) =>
      symptoms.some((each) => each.findings.some((at) => isRight(findings[at]))),
    );
    if (above !== undefined) return { outcome: 'named', why: `as a symptom of ${text(above)}`, alarms: [] };
    const others = said.filter(({ rule }) => !beside.includes(rule) && !rules.includes(rule));
    if (others.length > 0) return { outcome: 'wrong', why: others.map(text).join('; '), alarms: [] };
    return { outcome: 'missed', why: said.length === 0 ? 'nothing said' : said.map(text).join('; '), alarms: [] };
  }
  const alarms = said.filter(({ rule }) => !beside.includes(rule) && !rules.includes(rule)).map(text);
  const printed = fixText(right.fix);
  const all = [...said.map(({ fix }) => fixText(fix)), ...causesOf(right).flatMap(({ fixes }) => fixes.map(fixText))];
  const facts = causesOf(right)
    .map((each) => `${placeOf(each)} ${evidenceText(each)}`)
    .join('\n');
  const why = [
    ...names.filter((words) => !words.test(facts)).map((words) => `does not name ${words}`),
    ...says.filter((words) => !words.test(printed)).map((words) => `lacks ${words}: ${printed}`),
    ...never.flatMap((words) => all.filter((fix) => words.test(fix)).map((fix) => `says ${words}: ${fix}`)),
  ];
  if (why.length > 0) return { outcome: 'wrong', why: `${right.rule}: its answer ${why[0]}`, alarms };
  const [first] = said;
  if (first === right) return { outcome: 'first', why: '', alarms };
  return { outcome: 'named', why: first === undefined ? '' : `first: ${text(first)}`, alarms };
}

function evidenceText({ evidence }: Finding): string {
  return evidence.map(({ what, value }) => `${what}: ${value}`).join('; ');
}

function fixText(fix: Fix | undefined): string {
  return fix === undefined ? '' : `${fix.where}: ${fix.text} ${fix.snippet ?? ''}`.trim();
}
