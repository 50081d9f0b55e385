import { METRIC_FAMILIES } from '../../src/serve/metrics/families/families.ts';

/** The table of docs/metrics.md, made of that in src/serve/metrics. */
export function metricsTable(): string {
  const rows = METRIC_FAMILIES.map(({ name, type, unit, labels, help, optIn, servedOnly }) => {
    const own = labels.map((label) => `\`${label}\``).join(', ');
    const when = optIn === undefined ? '' : ` With \`--metrics-${optIn}\` only.`;
    const where = servedOnly ? 'serve' : 'serve, metrics';
    return `| \`${name}\` | ${type} | ${unit} | ${own} | ${where} | ${help}.${when} |`;
  });
  return ['| Metric | Type | Unit | Labels | Of | |', '| --- | --- | --- | --- | --- | --- |', ...rows].join('\n');
}
