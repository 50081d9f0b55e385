import type { Diagnosis } from '../../model/finding/diagnosis.ts';
import { SEVERITIES } from '../../model/finding/finding.ts';
import type { ProblemAnswer, ProblemCourse, ProblemNumbers, ServedProblem } from '../protocol.ts';
import { NO_COURSE, withNumbers } from './problem-course.ts';
import { problemNumbers, servedOf } from './served-problem.ts';

/** A problem that is not critical opens when it was found so often one after the other. */
const FOUND_TWICE = 2;

/** A problem is resolved when it was not found for so long, milliseconds: no problem opens anew at every gap in the load. */
const RESOLVED_AFTER_MS = 60_000;

/** A pause between two judgements counts for so much of that at most, milliseconds: who slept for an hour saw no end. */
const MOST_ABSENT_MS = 30_000;

/** Resolved problems that are remembered. */
const MOST_RESOLVED = 200;

/** What a judgement changed. */
export interface RegisterChange {
  opened: readonly ServedProblem[];
  /** Those that hold on, with their present numbers. */
  held: readonly ServedProblem[];
  resolved: readonly ServedProblem[];
}

/** A problem that was found, whether it has opened or not. */
interface Known extends ProblemAnswer {
  isOpen: boolean;
  /** Judgements that found it, one after the other. */
  found: number;
  /** When it was found last. */
  lastMs: number;
  /** How long it was looked for since then, and not found, milliseconds. */
  absentMs: number;
}

/** Which problems hold, over many judgements. */
export class ProblemRegister {
  #known: Known[] = [];
  #resolved: readonly ProblemAnswer[] = [];
  /** By the name of a row. */
  #numbers: ReadonlyMap<string, ProblemNumbers> = new Map();
  #ids = 0;
  /** When the last judgement was taken, or a problem taken over; undefined before. */
  #takenMs: number | undefined;

  /** Those that hold, the worst first, then resolved ones, the last first. */
  get problems(): readonly ServedProblem[] {
    return [...this.#open(), ...this.#resolved.map(({ problem }) => problem)];
  }

  /** Takes over a problem that held when `serve` ended: it goes on, or is resolved when it is not found any more. */
  adopt({ problem, course }: ProblemAnswer, atMs: number): void {
    this.#known.push({ problem, course, isOpen: true, found: FOUND_TWICE, lastMs: atMs, absentMs: 0 });
    this.#takenMs = atMs;
    this.#count();
  }

  /** A problem that holds or is remembered, with its numbers over time; undefined for another id. */
  find(id: string): ProblemAnswer | undefined {
    const open = this.#known.filter(({ isOpen }) => isOpen);
    const found = [...open, ...this.#resolved].find(({ problem }) => problem.id === id);
    return found && { problem: found.problem, course: found.course };
  }

  /** Numbers of open problems of a row. */
  numbersOf(name: string): ProblemNumbers {
    return this.#numbers.get(name) ?? {};
  }

  /** Takes a judgement. */
  take({ problems, findings }: Pick<Diagnosis, 'problems' | 'findings'>, atMs: number): RegisterChange {
    const opened: ServedProblem[] = [];
    const held: ServedProblem[] = [];
    const left = new Set(this.#known);
    for (const problem of problems) {
      const served = servedOf(problem, findings);
      const known = bestOf([...left], served);
      if (known === undefined) {
        this.#add(served, atMs, opened);
        continue;
      }
      left.delete(known);
      const wasOpen = known.isOpen;
      const { id, openedAtMs } = known.problem;
      known.problem = { ...served, id, openedAtMs };
      known.course = withNumbers(known.course, atMs, served.numbers);
      known.found++;
      known.lastMs = atMs;
      known.absentMs = 0;
      known.isOpen ||= mayOpen(known);
      if (wasOpen) held.push(known.problem);
      else if (known.isOpen) opened.push(known.problem);
    }
    const resolved = this.#leave(left, atMs);
    this.#count();
    return { opened, held, resolved };
  }

  #add(served: Omit<ServedProblem, 'id' | 'openedAtMs'>, atMs: number, opened: ServedProblem[]): void {
    const sinceMs = served.since === undefined ? atMs : Math.min(Date.parse(served.since), atMs);
    const id = `${atMs.toString(36)}-${(++this.#ids).toString(36)}`;
    const course: ProblemCourse = withNumbers(NO_COURSE, atMs, served.numbers);
    const times = { found: 1, lastMs: atMs, absentMs: 0 };
    const known = { problem: { ...served, id, openedAtMs: sinceMs }, course, isOpen: false, ...times };
    known.isOpen = mayOpen(known);
    this.#known.push(known);
    if (known.isOpen) opened.push(known.problem);
  }

  /** Resolves what was not found for long, and forgets what was not found again. */
  #leave(left: ReadonlySet<Known>, atMs: number): ServedProblem[] {
    const resolved: ProblemAnswer[] = [];
    // A clock can be set, and a machine can sleep.
    const pauseMs = Math.min(Math.max(0, atMs - (this.#takenMs ?? atMs)), MOST_ABSENT_MS);
    this.#takenMs = atMs;
    this.#known = this.#known.filter((known) => {
      if (!left.has(known)) return true;
      known.found = known.isOpen ? known.found : 0;
      if (!known.isOpen) return false;
      known.absentMs += pauseMs;
      if (known.absentMs < RESOLVED_AFTER_MS) return true;
      const resolvedAtMs = Math.min(known.lastMs, atMs);
      resolved.push({ problem: { ...known.problem, resolvedAtMs }, course: known.course });
      return false;
    });
    this.#resolved = [...resolved, ...this.#resolved].slice(0, MOST_RESOLVED);
    return resolved.map(({ problem }) => problem);
  }

  #open(): ServedProblem[] {
    return this.#known
      .filter(({ isOpen }) => isOpen)
      .map(({ problem }) => problem)
      .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || a.openedAtMs - b.openedAtMs);
  }

  #count(): void {
    this.#numbers = problemNumbers(this.#open());
  }
}

function mayOpen({ found, problem }: Pick<Known, 'found' | 'problem'>): boolean {
  return found >= FOUND_TWICE || problem.severity === 'critical';
}

/** The known problem that this one is: of the same rule, about the same, and with most places in common. */
function bestOf(known: readonly Known[], problem: Pick<ServedProblem, 'rule' | 'about' | 'places'>): Known | undefined {
  const targets = new Set(problem.places.flatMap((place) => place.targets));
  let best: { known: Known; shared: number } | undefined;
  for (const candidate of known) {
    const { rule, about, places } = candidate.problem;
    if (rule !== problem.rule || about !== problem.about) continue;
    const shared = places.flatMap((place) => place.targets).filter((target) => targets.has(target)).length;
    if (shared > (best?.shared ?? 0)) best = { known: candidate, shared };
  }
  return best?.known;
}
