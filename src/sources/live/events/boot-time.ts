import type { SystemCalls } from '../../../kernel/system-calls.ts';

/** How far the two clocks may drift apart before they are compared again, milliseconds. */
export const MAX_DRIFT_MS = 50;

/** How exact a comparison of the clocks is to be, nanoseconds, and how often it is tried on a busy machine. */
const EXACT_NS = 50_000n;
const TRIES = 20;

/**
 * What CLOCK_MONOTONIC 0, of which the records of programs have their times, is in milliseconds since the epoch. The
 * kernel is asked for that clock: `process.hrtime` is that clock in Node, and another one in Bun.
 *
 * The clocks are read one after the other, and another process may run between: the closest of several readings counts.
 */
export function bootMs(calls: SystemCalls): number {
  let best: { widthNs: bigint; bootNs: bigint } | undefined;
  for (let tries = 0; tries < TRIES && (best === undefined || best.widthNs > EXACT_NS); tries++) {
    const before = calls.monotonicNs();
    const now = calls.realtimeNs();
    const after = calls.monotonicNs();
    const widthNs = after - before;
    if (best === undefined || widthNs < best.widthNs) best = { widthNs, bootNs: now - (before + after) / 2n };
  }
  return Number(best?.bootNs ?? 0n) / 1e6;
}
