/** Distances of points that divide a day, seconds. */
const STEPS_S = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];

/** Of a single sample it is not known how far the next one is, milliseconds: Prometheus scrapes every minute by default. */
const UNKNOWN_MS = 60_000;

/** Samples come a little early and late, as a fraction of their distance. */
const JITTER = 0.03;

/** Where points are as close as samples, each looks back a little further than to the one before: none is without a sample. */
export const REACH = 1.25;

/** Points of a question, and the part of time that each stands for. */
export interface PointGrid {
  /** Time of the first point, milliseconds since the epoch; a multiple of {@link stepMs}. */
  firstMs: number;
  stepMs: number;
  points: number;
  /** How far a point looks back from its end: at least {@link stepMs}. */
  windowMs: number;
}

/** How far samples are apart, milliseconds, by their times in any order: as most of them are. */
export function sampleDistanceMs(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const distances = sorted.slice(1).map((atMs, index) => atMs - (sorted[index] ?? atMs));
  const median = distances.sort((a, b) => a - b)[Math.floor(distances.length / 2)];
  return median === undefined ? UNKNOWN_MS : stepOfAtLeast(median * (1 - JITTER));
}

/** The finest grid with at most so many points, none of them between two samples. */
export function fitGrid(
  { fromMs, toMs, points: wanted }: { fromMs: number; toMs: number; points: number },
  distanceMs: number,
): PointGrid {
  const stepMs = stepOfAtLeast(Math.max(distanceMs, (toMs - fromMs) / Math.max(wanted, 1)));
  const firstMs = Math.floor(fromMs / stepMs) * stepMs;
  const windowMs = Math.max(stepMs, Math.ceil(distanceMs * REACH));
  return { firstMs, stepMs, points: Math.max(1, Math.ceil((toMs - firstMs) / stepMs)), windowMs };
}

/** The shortest of the usual distances that is not shorter, milliseconds; beyond the longest a multiple of that. */
export function stepOfAtLeast(ms: number): number {
  const found = STEPS_S.find((step) => step * 1000 >= ms);
  const dayMs = 86_400_000;
  return found === undefined ? Math.ceil(ms / dayMs) * dayMs : found * 1000;
}
