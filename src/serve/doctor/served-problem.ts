import { type Finding, rowNamesOf } from '../../model/finding/finding.ts';
import type { Problem } from '../../model/finding/problem.ts';
import type { ProblemNumbers, ServedProblem } from '../protocol.ts';

/** A problem with its own findings, to which its indexes refer. */
export function servedOf(problem: Problem, findings: readonly Finding[]): Omit<ServedProblem, 'id' | 'openedAtMs'> {
  const indexes = [...problem.causes, ...problem.symptoms.flatMap((symptom) => symptom.findings)];
  const places = new Map(indexes.map((index, place) => [index, place]));
  const moved = (index: number) => places.get(index) ?? 0;
  const own = indexes.flatMap((index) => findings[index] ?? []);
  return {
    ...problem,
    causes: problem.causes.map(moved),
    symptoms: problem.symptoms.map((symptom) => ({ ...symptom, findings: symptom.findings.map(moved) })),
    findings: own.map(({ causedBy, ...finding }) => {
      const cause = causedBy === undefined ? undefined : places.get(causedBy);
      return cause === undefined ? finding : { ...finding, causedBy: cause };
    }),
    containers: [...new Set(own.flatMap(({ scope }) => rowNamesOf(scope)))],
  };
}

/** Numbers of problems of each row, by its name. */
export function problemNumbers(problems: readonly ServedProblem[]): Map<string, ProblemNumbers> {
  const numbers = new Map<string, ProblemNumbers>();
  for (const { containers, severity } of problems) {
    for (const name of containers) {
      const known = numbers.get(name);
      numbers.set(name, { ...known, [severity]: (known?.[severity] ?? 0) + 1 });
    }
  }
  return numbers;
}
