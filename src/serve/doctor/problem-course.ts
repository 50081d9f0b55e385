import type { Evidence } from '../../model/finding/finding.ts';
import type { ProblemCourse } from '../protocol.ts';

/** Points of a course: forty minutes of judgements; a longer one has the highest of several in each. */
const MOST_POINTS = 240;

/** Numbers of a course: three at a time, and those that they were before. */
const MOST_NUMBERS = 6;

/** A problem without a number yet. */
export const NO_COURSE: ProblemCourse = { times: [], numbers: [] };

/** A course with the numbers of one more judgement. */
export function withNumbers({ times, numbers }: ProblemCourse, atMs: number, now: readonly Evidence[]): ProblemCourse {
  const known = numbers.map((one) => ({ ...one, values: [...one.values, amountAt(now, one.what)] }));
  const isNew = ({ what }: Evidence) => !numbers.some((one) => one.what === what);
  const added = now
    .filter((one) => isNew(one) && amountOf(one) !== null)
    .map(({ what, unit }) => ({
      what,
      ...(unit !== undefined && { unit }),
      values: [...times.map(() => null), amountAt(now, what)],
    }));
  const course = { times: [...times, atMs], numbers: [...known, ...added].slice(0, MOST_NUMBERS) };
  return course.times.length > MOST_POINTS ? halved(course) : course;
}

function amountAt(numbers: readonly Evidence[], what: string): number | null {
  const found = numbers.find((one) => one.what === what);
  return found === undefined ? null : amountOf(found);
}

/** The number; of several places (`58 to 63`) the highest. Null for a text. */
function amountOf({ value }: Evidence): number | null {
  if (typeof value === 'number') return value;
  const [, highest] = /^-?[\d.]+ to (-?[\d.]+)$/.exec(value) ?? [];
  return highest === undefined ? null : Number(highest);
}

/** Half as many points, each with the higher of two: no peak disappears. */
function halved({ times, numbers }: ProblemCourse): ProblemCourse {
  const isFirst = (_: unknown, index: number) => index % 2 === 0;
  return {
    times: times.filter(isFirst),
    numbers: numbers.map((one) => ({
      ...one,
      values: one.values.filter(isFirst).map((value, index) => higher(value, one.values[2 * index + 1] ?? null)),
    })),
  };
}

function higher(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
