import fs from 'node:fs';
import path from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { expect, test } from 'vitest';
import { dashboardJson } from '../../../scripts/dashboard/dashboard.ts';
import { DASHBOARD_ROWS } from '../../../scripts/dashboard/panels.ts';
import { METRIC_FAMILIES } from '../../../src/serve/metrics/families/families.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const RULES = fs.readFileSync(path.join(ROOT, 'deploy/prometheus/socklens.rules.yml'), 'utf8');

const EXPRESSIONS = DASHBOARD_ROWS.flatMap(({ panels }) =>
  panels.flatMap(({ title, queries }) => queries.map(({ expr }) => [title, expr] as const)),
);

test('deploy/grafana/socklens.json is what npm run build:dashboard writes', () => {
  expect(fs.readFileSync(path.join(ROOT, 'deploy/grafana/socklens.json'), 'utf8')).toBe(dashboardJson());
});

test.each(EXPRESSIONS)('dashboard, %s: the expression is PromQL: %s', (_, expr) => {
  const text = expr.replaceAll('$__rate_interval', '1m');
  const faults: string[] = [];
  parser.parse(text).iterate({
    enter: (node) => {
      if (node.type.isError) faults.push(text.slice(node.from - 10, node.to + 10));
    },
  });
  expect(faults).toEqual([]);
});

test('dashboard and rules name metrics and labels that there are', () => {
  const byName = new Map(METRIC_FAMILIES.map((family) => [family.name, family]));
  const used = [...EXPRESSIONS.map(([, expr]) => expr), RULES].join('\n');
  for (const [, name = '', selector = ''] of used.matchAll(/\b((?:socklens|process)_[a-z_]+)(?:\{([^}]*)\})?/g)) {
    const family = byName.get(name);
    expect([name, family !== undefined]).toEqual([name, true]);
    const labels = [...selector.matchAll(/([a-z_]+)\s*(?:=|!=|=~|!~)"/g)].map(([, label]) => label ?? '');
    const known = [...(family?.labels ?? []), 'instance', 'job'];
    expect([name, labels.filter((label) => !known.includes(label))]).toEqual([name, []]);
  }
});
