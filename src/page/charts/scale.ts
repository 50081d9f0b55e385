import type { CeilingKind } from '../../serve/protocol.ts';

/** What a number cannot exceed. */
export interface Ceiling {
  value: number;
  kind: CeilingKind;
  /** `nofile, soft`. */
  what: string;
  /** Whether it bounds the idle connections alone: all of them together may be more. */
  isIdleCap?: boolean;
}

/** The y axis of a chart. It begins at 0. */
export interface Scale {
  top: number;
  /** Values with a grid line, at most three. */
  ticks: readonly number[];
  /** Ceilings that are lines, the others being above it. */
  lines: readonly Ceiling[];
  above: readonly Ceiling[];
}

/** From this part of a ceiling on it is within the scale; below, the scale fits the data. */
const SHOWN_FROM = 0.1;
const HEADROOM = 1.08;

/**
 * The scale of a chart with this highest value.
 *
 * @param isWhole whether only whole numbers occur
 */
export function scaleOf(highest: number, ceilings: readonly Ceiling[], isWhole = false): Scale {
  const lines = ceilings.filter(({ value }) => highest >= value * SHOWN_FROM);
  const above = ceilings.filter((ceiling) => !lines.includes(ceiling));
  const needed = Math.max(highest, ...lines.map(({ value }) => value), 0);
  const top = needed === 0 ? 1 : needed * HEADROOM;
  const ticks = needed === 0 ? [] : ticksBelow(top);
  return { top, ticks: isWhole ? ticks.filter(Number.isInteger) : ticks, lines, above };
}

/** Round numbers up to `top`, two or three of them. */
function ticksBelow(top: number): number[] {
  const magnitude = 10 ** Math.floor(Math.log10(top));
  const step = [5, 2.5, 2, 1, 0.5, 0.25, 0.2].map((factor) => factor * magnitude).findLast((size) => top / size < 4);
  if (step === undefined) return [];
  const ticks: number[] = [];
  for (let value = step; value < top; value += step) ticks.push(Number(value.toPrecision(6)));
  return ticks;
}

/** Whether a number is at its ceiling. */
export function isReached(highest: number, { value, kind, isIdleCap = false }: Ceiling): boolean {
  return kind !== 'assumed' && !isIdleCap && highest >= value;
}
