import { limitShare } from '../../model/container/limits.ts';
import type { Finding } from '../../model/finding/finding.ts';
import { connectionsOpened } from '../../model/netns/counters.ts';
import type { RunMeasure, RunSummary } from '../../model/report/run-summary.ts';
import type { NetnsSample } from '../../model/sample/sample.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { countSubflows, countsByName } from '../state-counts.ts';
import { betterOfState, runFindings } from './state-measures.ts';

/** Summarises a series, such as a recording, for comparison. @param findings of the doctor for the same series */
export function summarizeSeries(name: string, series: Series, findings: readonly Finding[]): RunSummary {
  return {
    name,
    seconds: (series.toMs - series.fromMs) / 1000,
    measures: series.namespaces.flatMap(measuresOf),
    findings: runFindings(findings),
    ...(series.notes.length > 0 && { notes: series.notes }),
  };
}

function measuresOf({ namespace, samples }: NetnsSeries): RunMeasure[] {
  const measures: RunMeasure[] = [];
  const snapshots = samples.flatMap(({ sockets }) =>
    sockets === undefined ? [] : [countsByName(countSubflows(sockets))],
  );
  const states = new Set(snapshots.flatMap((counts) => Object.keys(counts)));
  for (const state of states) {
    const values = snapshots.map((counts) => counts[state] ?? 0);
    const better = betterOfState(state);
    measures.push({ name: `${namespace.name}: ${state} at most`, value: Math.max(0, ...values), better });
    measures.push({ name: `${namespace.name}: ${state} at last`, value: values.at(-1) ?? 0, better });
  }
  const shares = samples.flatMap(({ processes }) =>
    (processes ?? []).map(({ used, softLimit }) => (limitShare(used, softLimit) ?? 0) * 100),
  );
  if (shares.length > 0) {
    const value = Math.round(shares.reduce((most, share) => Math.max(most, share), 0) * 10) / 10;
    measures.push({ name: `${namespace.name}: descriptors of the soft limit`, value, unit: '%', better: 'lower' });
  }
  const opens = opensPerSecond(samples);
  if (opens !== undefined) {
    measures.push({ name: `${namespace.name}: connections made`, value: opens, unit: '/s', better: 'none' });
  }
  return measures;
}

/** Average over the series; undefined with fewer than two counts. */
function opensPerSecond(samples: readonly NetnsSample[]): number | undefined {
  const counted = samples.flatMap(({ atMs, counters }) => {
    const opened = connectionsOpened(counters);
    return opened === undefined ? [] : [{ atMs, opened }];
  });
  const [first, last] = [counted[0], counted.at(-1)];
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return undefined;
  return Math.round(((last.opened - first.opened) / ((last.atMs - first.atMs) / 1000)) * 10) / 10;
}
