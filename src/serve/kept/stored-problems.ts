import type { History } from '../../history/history.ts';
import { SEVERITIES } from '../../model/finding/finding.ts';
import type { AlwaysOnDoctor } from '../doctor/always-on.ts';
import { NO_COURSE } from '../doctor/problem-course.ts';
import type { ProblemAnswer, ProblemCourse, ProblemsAnswer, ServedProblem } from '../protocol.ts';

/** The doctor as far as answers need it. */
export type DoctorAnswers = Pick<AlwaysOnDoctor, 'answer' | 'problem'>;

/** Stored problems of an answer: each has its findings, some kilobytes. */
const MOST_STORED = 500;

/** The problems that held within a time: those that the doctor knows as they are now, others from the history. */
export function problemsWithin(
  answer: ProblemsAnswer,
  history: Pick<History, 'problems'> | undefined,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): ProblemsAnswer {
  const known = new Set(answer.problems.map(({ id }) => id));
  const stored = history?.problems({ fromMs, toMs, limit: MOST_STORED + 1 }) ?? [];
  const others = stored
    .slice(0, MOST_STORED)
    .filter(({ id }) => !known.has(id))
    .flatMap(({ details }) => storedProblem(details)?.problem ?? []);
  const held = answer.problems.filter(
    ({ openedAtMs, resolvedAtMs }) => openedAtMs < toMs && (resolvedAtMs ?? toMs) >= fromMs,
  );
  return { ...answer, problems: [...held, ...others], ...(stored.length > MOST_STORED && { isCut: true }) };
}

/** One problem with its numbers over time; undefined where nobody knows it. */
export function problemOf(
  doctor: DoctorAnswers,
  history: Pick<History, 'problem'> | undefined,
  id: string,
): ProblemAnswer | undefined {
  return doctor.problem(id) ?? storedProblem(history?.problem(id)?.details);
}

/** What the history has of a problem: it with its course in one object. @returns undefined for what is none */
export function storedProblem(details: unknown): ProblemAnswer | undefined {
  const { course = NO_COURSE, ...problem } = (details ?? {}) as Partial<ServedProblem> & { course?: ProblemCourse };
  return isServed(problem) ? { problem, course } : undefined;
}

function isServed(details: Partial<ServedProblem>): details is ServedProblem {
  const { id, rule, severity, places, containers, findings } = details;
  const areLists = Array.isArray(places) && Array.isArray(containers) && Array.isArray(findings);
  return typeof id === 'string' && typeof rule === 'string' && areLists && SEVERITIES.some((one) => one === severity);
}
