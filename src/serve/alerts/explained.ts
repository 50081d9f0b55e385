import { rowNamesOf } from '../../model/finding/finding.ts';
import { shortTitle } from '../../model/finding/problem-titles.ts';
import type { ServedProblem } from '../protocol.ts';

/**
 * Which problems are symptoms of another that holds: by id, the short title of the other. The doctor joins a cause with its symptoms
 * as soon as it sees both; a symptom that came first was a problem of its own until then.
 */
export function explainedBy(problems: readonly ServedProblem[]): Map<string, string> {
  const titles = new Map<string, string>();
  for (const cause of problems) {
    if (cause.resolvedAtMs !== undefined || cause.symptoms.length === 0) continue;
    const causes = new Set(cause.causes);
    const symptoms = cause.findings.filter((_, index) => !causes.has(index));
    for (const problem of problems) {
      if (problem.id === cause.id || titles.has(problem.id)) continue;
      const isSymptom = symptoms.some(
        ({ rule, about, scope }) =>
          rule === problem.rule &&
          about === problem.about &&
          rowNamesOf(scope).some((name) => problem.containers.includes(name)),
      );
      if (isSymptom) titles.set(problem.id, shortTitle(cause));
    }
  }
  return titles;
}
