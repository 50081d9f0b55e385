/** What `history-main.ts` appends, so that a test knows the right answer. */
export const HISTORY_START_MS = Date.UTC(2026, 10, 30, 12);

export const SIMULATED_CONTAINERS = 20;
export const SIMULATED_SERIES = 10;

/** The value of a series in a tick: every container has another one, and no tick the one before. */
export function simulatedValue(index: number, container: number, series: number): number {
  return (index * 31 + container * 7 + series * 3) % 1009;
}
