import { covers } from '../snapshots/windows.ts';

/** A number of connections at one moment. */
export interface CountAt {
  atMs: number;
  count: number;
}

/** A peak that fell back to a floor and stayed there. */
export interface FloorReturn {
  /** The level of the floor, and how far back in the counts it begins and ends. */
  floor: number;
  floorFrom: number;
  floorTo: number;
  /** The highest count of the peak before it, and the part of the counts that is the peak. */
  peak: number;
  peakFrom: number;
  peakTo: number;
}

/** What makes a floor and a peak. */
export interface FloorShape {
  /** How long a floor is flat. */
  floorMs: number;
  /** How far its counts may be from its level, as a share. */
  tolerance: number;
  /** A peak is so many times the floor. */
  factor: number;
  /** A floor is at least so high. */
  minimumFloor: number;
}

/**
 * The peaks of a series of counts that fell back to a flat floor: the shape of a pool that holds a fixed
 * number of idle connections and opens any number of others.
 */
export function floorReturns(counts: readonly CountAt[], shape: FloorShape): FloorReturn[] {
  const returns: FloorReturn[] = [];
  let searchFrom = 0;
  for (const run of flatRuns(counts, shape)) {
    if (run.level < shape.minimumFloor) continue;
    let from = run.from;
    // Back to where the counts last were at this level, or to the end of the floor before.
    while (from > searchFrom && (counts[from - 1]?.count ?? 0) > run.level * (1 + shape.tolerance)) from--;
    const peak = Math.max(0, ...counts.slice(from, run.from).map(({ count }) => count));
    if (peak < run.level * shape.factor) continue;
    returns.push({
      floor: run.level,
      floorFrom: run.from,
      floorTo: run.to,
      peak,
      peakFrom: from,
      peakTo: run.from - 1,
    });
    searchFrom = run.to + 1;
  }
  return returns;
}

/** The longest stretches in which every count is near the stretch's mean. */
function flatRuns(
  counts: readonly CountAt[],
  { floorMs, tolerance }: FloorShape,
): { from: number; to: number; level: number }[] {
  const runs: { from: number; to: number; level: number }[] = [];
  let from = 0;
  while (from < counts.length) {
    let low = counts[from]?.count ?? 0;
    let high = low;
    let sum = low;
    let to = from;
    for (let next = from + 1; next < counts.length; next++) {
      const count = counts[next]?.count ?? 0;
      const mean = (sum + count) / (next - from + 1);
      if (Math.min(low, count) < mean * (1 - tolerance) || Math.max(high, count) > mean * (1 + tolerance)) break;
      low = Math.min(low, count);
      high = Math.max(high, count);
      sum += count;
      to = next;
    }
    const long = covers((counts[to]?.atMs ?? 0) - (counts[from]?.atMs ?? 0), floorMs);
    if (long) runs.push({ from, to, level: Math.round(sum / (to - from + 1)) });
    from = long ? to + 1 : from + 1;
  }
  return runs;
}
