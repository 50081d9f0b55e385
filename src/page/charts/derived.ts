import type { Timeline, Values } from './timeline.ts';

/** Name of the series that {@link withDifference} adds. */
export function differenceName(name: string): string {
  return `difference.${name}`;
}

/** Name of the series that {@link withDifference} adds for connections that are in use or idle: the source does not say which. */
export function undividedName(name: string): string {
  return `undivided.${name}`;
}

/**
 * A timeline with two further series: one less another where both have a value, and the first alone where the other has
 * none.
 */
export function withDifference(timeline: Timeline, name: string, less: string): Timeline {
  const [whole, part] = [timeline.series.get(name), timeline.series.get(less)];
  if (whole === undefined || part === undefined) return timeline;
  const subtract = (a: Values['mean'], b: Values['mean']) =>
    a.map((value, index) => {
      const less = b[index] ?? null;
      return value === null || less === null ? null : Math.max(0, value - less);
    });
  const alone = (a: Values['mean'], b: Values['mean']) =>
    a.map((value, index) => ((b[index] ?? null) === null ? value : null));
  const added: [string, Values][] = [
    [differenceName(name), { mean: subtract(whole.mean, part.mean), max: subtract(whole.max, part.max) }],
    [undividedName(name), { mean: alone(whole.mean, part.mean), max: alone(whole.max, part.max) }],
  ];
  return { ...timeline, series: new Map([...timeline.series, ...added]) };
}

/** A timeline in which series are 0 where they have no value and another one has: a state without sockets is not stored. */
export function withZeros(timeline: Timeline, names: readonly string[], reference: string): Timeline {
  const known = timeline.series.get(reference)?.mean;
  if (known === undefined) return timeline;
  const filled = (values: Values['mean'] | undefined) =>
    known.map((other, index) => values?.[index] ?? (other === null ? null : 0));
  const added = names.map((name): [string, Values] => {
    const values = timeline.series.get(name);
    return [name, { mean: filled(values?.mean), max: filled(values?.max) }];
  });
  return { ...timeline, series: new Map([...timeline.series, ...added]) };
}

/** Whether a series has any value. */
export function isKnown(timeline: Timeline, name: string): boolean {
  return timeline.series.get(name)?.mean.some((value) => value !== null) ?? false;
}

/** The highest value of a series; 0 where there is none. */
export function highestOf(values: Values | undefined): number {
  return values?.max.reduce<number>((highest, value) => Math.max(highest, value ?? 0), 0) ?? 0;
}
