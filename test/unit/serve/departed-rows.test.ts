import { expect, test } from 'vitest';
import { DepartedRows } from '../../../src/serve/collector/departed-rows.ts';
import type { SampledRow } from '../../../src/serve/collector/row-builder.ts';

const row = (name: string, more: Partial<SampledRow> = {}): SampledRow => ({
  id: `id of ${name}`,
  name,
  runtime: 'docker',
  status: 'running',
  ...more,
});

test('what stopped keeps its identity and no number, and is no departed row any more when it is there again', () => {
  const departed = new DepartedRows();
  departed.update([row('web', { image: 'nginx', openedPerSecond: 3 }), row('db')], 1000);
  expect(departed.rows).toEqual([]);
  departed.update([row('db')], 2000);
  expect(departed.rows).toEqual([
    { id: 'id of web', name: 'web', runtime: 'docker', image: 'nginx', status: 'stopped', stoppedAtMs: 2000 },
  ]);
  departed.update([row('db'), row('web', { id: 'another' })], 3000);
  expect(departed.rows).toEqual([]);
});

test('a container that has another name now has not stopped', () => {
  const departed = new DepartedRows();
  departed.update([row('web', { id: 'abc' })], 1000);
  departed.update([row('web-old', { id: 'abc' })], 2000);
  expect(departed.rows).toEqual([]);
  departed.update([], 3000);
  expect(departed.rows.map(({ name }) => name)).toEqual(['web-old']);
  departed.update([row('web', { id: 'abc' })], 4000);
  expect(departed.rows).toEqual([]);
});

test('what belongs to nobody is nothing that stops', () => {
  const departed = new DepartedRows();
  departed.update([row('shared: a + b', { runtime: '-' }), row('host', { runtime: 'host' })], 1000);
  departed.update([], 2000);
  expect(departed.rows).toEqual([]);
});

test('they are bounded in age and in number, the last ones first', () => {
  const departed = new DepartedRows();
  departed.update([row('old')], 0);
  departed.update([], 1000);
  departed.update([], 601_000);
  expect(departed.rows).toHaveLength(1);
  departed.update([], 601_001);
  expect(departed.rows).toHaveLength(0);
  for (let index = 0; index < 150; index++) departed.update([row(`job-${index}`)], 700_000 + index);
  departed.update([], 700_150);
  expect(departed.rows.map(({ name }) => name)).toEqual(
    Array.from({ length: 100 }, (_, index) => `job-${149 - index}`),
  );
});
