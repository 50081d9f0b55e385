import { NO_RUNTIME } from '../../model/netns/sharing.ts';
import type { SampledRow } from '../collector/row-builder.ts';
import { LabelSet } from './label-set.ts';

/** Labels that name a row: `container`, and of a pod `namespace` and `pod`. No id: a container made anew continues its series. */
type RowLabels = readonly [container: string, namespace: string | undefined, pod: string | undefined];

/** The labels of the rows of each tick: made anew only where other rows are there. */
export class RowLabelTable {
  #rows: readonly SampledRow[] = [];
  #labels: ReadonlyMap<string, LabelSet> = new Map();

  /** See {@link labelsOfRows}. */
  of(rows: readonly SampledRow[]): ReadonlyMap<string, LabelSet> {
    const before = this.#rows;
    const isSame = rows.length === before.length && rows.every((row, index) => isSameRow(row, before[index]));
    if (!isSame) this.#labels = labelsOfRows(rows);
    this.#rows = rows;
    return this.#labels;
  }
}

function isSameRow(a: SampledRow, b: SampledRow | undefined): boolean {
  return a.id === b?.id && a.name === b.name && a.runtime === b.runtime && a.pod?.id === b.pod?.id;
}

/**
 * The labels of rows, by their ids. Where two have the same name, of different runtimes, each has that of its runtime
 * before it: series must differ.
 */
function labelsOfRows(rows: readonly SampledRow[]): ReadonlyMap<string, LabelSet> {
  const own = rows.filter(({ runtime }) => runtime !== NO_RUNTIME);
  const byName = Map.groupBy(own, (row) => keyOf(labelsOf(row)));
  const known = new Map<string, LabelSet>();
  for (const same of byName.values()) {
    const byRuntime = Map.groupBy(same, ({ runtime }) => runtime);
    for (const row of same) {
      const [container, namespace, pod] = labelsOf(row);
      const isAlone = (byRuntime.get(row.runtime)?.length ?? 0) === 1;
      const unique =
        same.length === 1 ? container : isAlone ? `${row.runtime}:${container}` : `${row.runtime}:${row.id}`;
      known.set(
        row.id,
        new LabelSet([
          ['container', unique],
          ['namespace', namespace],
          ['pod', pod],
        ]),
      );
    }
  }
  return known;
}

function labelsOf({ name, pod }: SampledRow): RowLabels {
  return [pod?.container ?? name, pod?.namespace, pod?.name];
}

function keyOf(labels: RowLabels): string {
  return labels.map((label) => label ?? '').join('\n');
}
