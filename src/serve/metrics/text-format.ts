import { eachNumber, numberText } from './flat-series.ts';
import type { LabelSet } from './label-set.ts';
import type { MetricFamily, MetricsView } from './metric-family.ts';

/** Media type of Prometheus' text format. */
export const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

/** Metrics in Prometheus' text format 0.0.4, without times: with times of their own, series that ended would not go stale. */
export function metricsText(families: readonly MetricFamily[], view: MetricsView): string {
  let text = '';
  for (const family of families) {
    const { name, type, help } = family;
    let lines = '';
    eachNumber([family], view, (series, labels, value, le) => {
      lines += `${series}${le === undefined ? labels.text : bucketText(labels, le)} ${numberText(value)}\n`;
    });
    if (lines !== '') text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines}`;
  }
  return text;
}

function bucketText({ inner }: LabelSet, le: string): string {
  return `{${inner}${inner === '' ? '' : ','}le="${le}"}`;
}
