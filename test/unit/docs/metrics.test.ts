import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { COVERAGE_GAPS } from '../../../src/serve/metrics/coverage-gaps.ts';
import { METRIC_FAMILIES } from '../../../src/serve/metrics/families/families.ts';
import { STATE_WORDS } from '../../../src/serve/metrics/state-words.ts';
import { metricsTable } from '../../support/metrics-table.ts';

const TEXT = fs.readFileSync(path.resolve(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');

test('docs/metrics.md: has the table that the metrics are made of', () => {
  expect(TEXT).toContain(metricsTable());
});

test('docs/metrics.md: names every state and every gap', () => {
  for (const word of [...STATE_WORDS, ...COVERAGE_GAPS]) expect(TEXT).toContain(`\`${word}\``);
});

test('names: one prefix, base units, _total for counters and for nothing else, each once', () => {
  for (const { name, type, help } of METRIC_FAMILIES) {
    expect(name).toMatch(/^(socklens|process)_[a-z0-9_]+$/);
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    expect(name).not.toMatch(/_(ms|milliseconds|kb|percent)(_|$)/);
    expect(help).toMatch(/^[A-Z1].*[^.]$/);
  }
  expect(new Set(METRIC_FAMILIES.map(({ name }) => name)).size).toBe(METRIC_FAMILIES.length);
});
