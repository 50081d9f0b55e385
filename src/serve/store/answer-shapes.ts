/** Reads the member `data` of answers of Prometheus' API; undefined for what has another shape. */
import type { StoreLabels, StoreSample, StoreSeries } from './store-answer.ts';

/** A vector: one value of each series. */
export function vectorOf(data: unknown): StoreSample[] | undefined {
  return everyOf(resultOf(data, 'vector'), (one) => {
    const { metric, value } = recordOf(one);
    const [labels, pair] = [labelsOf(metric), pairOf(value)];
    return labels && pair && { labels, atMs: pair.atMs, value: pair.value };
  });
}

/** A matrix: values of each series over time. */
export function matrixOf(data: unknown): StoreSeries[] | undefined {
  return everyOf(resultOf(data, 'matrix'), (one) => {
    const { metric, values } = recordOf(one);
    const [labels, pairs] = [labelsOf(metric), everyOf(values, pairOf)];
    return labels && pairs && { labels, times: pairs.map(({ atMs }) => atMs), values: pairs.map(({ value }) => value) };
  });
}

/** A list of words. */
export function wordsOf(data: unknown): string[] | undefined {
  return Array.isArray(data) && data.every((word) => typeof word === 'string') ? data : undefined;
}

function resultOf(data: unknown, type: string): unknown {
  const { resultType, result } = recordOf(data);
  return resultType === type ? result : undefined;
}

/** What each of a list is; undefined where it is no list, or one of them is nothing. */
function everyOf<T>(list: unknown, read: (one: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const all: T[] = [];
  for (const one of list) {
    const found = read(one);
    if (found === undefined) return undefined;
    all.push(found);
  }
  return all;
}

function labelsOf(metric: unknown): StoreLabels | undefined {
  if (typeof metric !== 'object' || metric === null) return undefined;
  return Object.values(metric).every((value) => typeof value === 'string') ? (metric as StoreLabels) : undefined;
}

/** `[1796040000.123, "17"]`: seconds, and a number as text, `NaN` and `+Inf` among them. */
function pairOf(pair: unknown): { atMs: number; value: number } | undefined {
  if (!Array.isArray(pair) || typeof pair[0] !== 'number' || typeof pair[1] !== 'string') return undefined;
  return { atMs: Math.round(pair[0] * 1000), value: numberOf(pair[1]) };
}

function numberOf(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

/** The members of an object; of anything else none. */
function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
