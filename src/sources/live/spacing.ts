/** Counts of what moves are never older than this, as long as the budget allows: ten seconds with a tick to spare. */
const LONGEST_MS = 8500;
/** Part of the budget that the readings may take: the counters of every namespace want the rest. */
const PART = 0.7;

/**
 * How long to wait after reading the sockets of a namespace where connections come and go, so that
 * reading all such namespaces in turn keeps within the budget; never longer than the counts may be old.
 *
 * @param costsMs what reading each of them cost the last time, milliseconds of CPU
 * @param share of one core
 */
export function spacingMs(costsMs: readonly number[], share: number): number {
  const allMs = costsMs.reduce((sum, cost) => sum + cost, 0);
  return Math.min(allMs / (share * PART), LONGEST_MS);
}
