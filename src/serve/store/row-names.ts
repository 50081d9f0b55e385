import type { LabelSet } from '../metrics/label-set.ts';
import { labelIs, labelIsOneOf } from './promql.ts';
import type { StoreLabels } from './store-answer.ts';

/** The labels that name a row in metrics: see `RowLabelTable`. */
export const ROW_LABELS = ['container', 'namespace', 'pod'] as const;

/** Names of rows for the labels of their metrics, and back. Rows that are no longer there have the names that they had. */
export class RowNames {
  readonly #present: ReadonlyMap<string, LabelSet>;
  readonly #names: ReadonlyMap<string, string>;

  /** @param present the labels of the rows of now, by their names */
  constructor(present: ReadonlyMap<string, LabelSet>) {
    this.#present = present;
    this.#names = new Map([...present].map(([name, { pairs }]) => [keyOf(Object.fromEntries(pairs)), name]));
  }

  /** The row that a series belongs to. */
  nameOf(labels: StoreLabels): string {
    const { container = '', namespace, pod } = labels;
    const known = this.#names.get(keyOf(labels));
    if (known !== undefined) return known;
    return namespace === undefined || pod === undefined ? container : `${namespace}/${pod}/${container}`;
  }

  /** What the series of rows have: those of others are left out afterwards, because two pods may have one container's name. */
  matchersOf(names: readonly string[]): string[] {
    const [only, ...others] = names;
    const labels = only === undefined || others.length > 0 ? undefined : this.#labelsOf(only);
    if (labels !== undefined) return Object.entries(labels).map(([name, value]) => labelIs(name, value));
    return [labelIsOneOf('container', [...new Set(names.map((name) => this.#labelsOf(name).container ?? ''))])];
  }

  #labelsOf(name: string): StoreLabels {
    const known = this.#present.get(name);
    if (known !== undefined) return Object.fromEntries(known.pairs);
    const [, namespace, pod, container] = /^([^/]+)\/([^/]+)\/([^/]+)$/.exec(name) ?? [];
    return namespace === undefined || pod === undefined || container === undefined
      ? { container: name }
      : { container, namespace, pod };
  }
}

function keyOf(labels: StoreLabels): string {
  return ROW_LABELS.map((label) => labels[label] ?? '').join('\n');
}
