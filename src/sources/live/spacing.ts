/** Largest spacing, milliseconds: with a tick in addition, counts that change are at most ten seconds old. */
const LONGEST_MS = 8500;
/** Fraction of the budget for dumps; the rest is for the counters of every namespace. */
const DUMPS_FRACTION = 0.7;

/**
 * How long to wait between two dumps of a namespace where connections are opened and closed, in milliseconds, so that
 * dumping all such namespaces in turn keeps within the budget.
 *
 * @param costsMs CPU time of the last dump of each, milliseconds
 * @param share CPU budget as a fraction of one core
 */
export function spacingMs(costsMs: readonly number[], share: number): number {
  const allMs = costsMs.reduce((sum, cost) => sum + cost, 0);
  return Math.min(allMs / (share * DUMPS_FRACTION), LONGEST_MS);
}
