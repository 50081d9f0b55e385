/** Round tick values for an axis from 0 to at least `most`, about four. */
export function ticksTo(most: number): number[] {
  const rough = Math.max(most, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough) ?? 10;
  const step = Math.max(factor * power, most <= 4 ? 1 : 0);
  const count = Math.max(1, Math.ceil(most / step));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Tick values in seconds for an axis of a length in milliseconds, about five. */
export function secondTicks(ms: number): number[] {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400];
  const seconds = ms / 1000;
  const step = steps.find((candidate) => seconds / candidate <= 6) ?? 86_400;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}
