import type { Range } from './timeline.ts';

/** Parts of time without overlaps, by time: several problems at once are one band. */
export function united(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const { fromMs, toMs } of [...ranges].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = result.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else result.push({ fromMs, toMs });
  }
  return result;
}
