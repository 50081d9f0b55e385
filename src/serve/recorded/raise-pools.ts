import { OUTSIDE } from '../../model/netns/attribution.ts';
import { laneSeries } from '../../model/report/series-names.ts';
import type { NetnsSample } from '../../model/sample/sample.ts';
import type { NetnsSeries } from '../../model/sample/series.ts';
import { identitiesOf } from '../../queries/rows/netns-rows.ts';
import { endOf } from '../collector/lane-highs.ts';

/** Is told that a series of a row was so high between a tick and the one before. */
export type RaisePool = (atMs: number, row: string, series: string, high: number) => void;

/** Tells of all pools how high they were between the ticks of a recording, as the collector of `serve` notes it live. */
export function raisePools(namespaces: readonly NetnsSeries[], raise: RaisePool): void {
  for (const { namespace, samples } of namespaces) {
    const rows = identitiesOf(namespace);
    let owners: ReadonlyMap<number, string> = new Map();
    for (const { atMs, processes, peaks = [] } of samples) {
      if (processes !== undefined) owners = ownersOf(processes);
      for (const { peer, process, count } of peaks) {
        const end = endOf(peer);
        const owner = process === undefined ? undefined : owners.get(Number.parseInt(process, 10));
        const row = rows.find((known) => known.owner === undefined || known.owner === owner);
        if (row !== undefined && end !== undefined)
          raise(atMs, row.name, laneSeries({ direction: 'out', ...end }), count);
      }
    }
  }
}

function ownersOf(processes: NonNullable<NetnsSample['processes']>): ReadonlyMap<number, string> {
  return new Map(processes.map(({ pid, container }) => [pid, container ?? OUTSIDE]));
}
