/** A resolution in which values are kept, and for how long. */
export interface Tier {
  /** Its number in the database. */
  readonly level: number;
  /** Distance of two points, milliseconds. */
  readonly stepMs: number;
  /** Age at which a chunk is deleted, milliseconds. */
  readonly keepMs: number;
  /** Steps in one slot: chunks are found by the slot of their first point. */
  readonly slotSteps: number;
  /** Steps after which an open chunk is written again, so that little is joined anew at the next start. */
  readonly writeSteps: number;
  /** Whether full chunks are packed: most of the file is of such tiers, which are seldom read. */
  readonly isPacked: boolean;
}

/** Points of a chunk that is full. */
export const CHUNK_POINTS = 60;

/** Three tiers of the same values, the finest first. */
export type Tiers = readonly [Tier, Tier, Tier];

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How much longer a fine tier is kept than it is promised for: "the last hour" is asked for a moment later. */
const MARGIN = 10 * MINUTE;

/**
 * Values: every second for an hour, every ten seconds for a day, every minute for as long as the history is kept. A chunk
 * of the finest tier is what was measured since the last one was written, ten points.
 *
 * @param keepMs age of the oldest values, milliseconds
 */
export function valueTiers(keepMs: number): Tiers {
  return [
    {
      level: 0,
      stepMs: SECOND,
      keepMs: Math.min(keepMs, HOUR + MARGIN),
      slotSteps: 10,
      writeSteps: 10,
      isPacked: false,
    },
    {
      level: 1,
      stepMs: 10 * SECOND,
      keepMs: Math.min(keepMs, DAY + MARGIN),
      slotSteps: 60,
      writeSteps: 60,
      isPacked: false,
    },
    { level: 2, stepMs: MINUTE, keepMs, slotSteps: 60, writeSteps: 10, isPacked: true },
  ];
}

/**
 * Who talks to whom: every ten seconds for an hour, every minute for a day, every hour for as long as the history is kept.
 *
 * @param keepMs age of the oldest edges, milliseconds
 */
export function edgeTiers(keepMs: number): Tiers {
  return [
    {
      level: 3,
      stepMs: 10 * SECOND,
      keepMs: Math.min(keepMs, HOUR + MARGIN),
      slotSteps: 6,
      writeSteps: 1,
      isPacked: false,
    },
    {
      level: 4,
      stepMs: MINUTE,
      keepMs: Math.min(keepMs, DAY + MARGIN),
      slotSteps: 60,
      writeSteps: 10,
      isPacked: false,
    },
    { level: 5, stepMs: HOUR, keepMs, slotSteps: 60, writeSteps: 1, isPacked: true },
  ];
}
