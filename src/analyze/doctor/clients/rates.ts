/** A number that came at one moment. */
export interface AmountAt {
  atMs: number;
  amount: number;
}

/**
 * Amounts over the last `windowMs` up to `toMs`, in so many equal parts: what is sustained shows in each.
 * What came at the very beginning of the window belongs to the time before it.
 */
export function partsOf(amounts: readonly AmountAt[], toMs: number, windowMs: number, parts: number): number[] {
  const sums = new Array<number>(parts).fill(0);
  for (const { atMs, amount } of amounts) {
    const before = toMs - atMs;
    if (before < 0 || before >= windowMs) continue;
    const part = parts - 1 - Math.floor((before / windowMs) * parts);
    sums[part] = (sums[part] ?? 0) + amount;
  }
  return sums;
}

/** A rate for a person: two digits below ten, none above. */
export function perSecond(count: number, ms: number): number {
  const rate = (count * 1000) / ms;
  return rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate);
}
