import { expect, test } from 'vitest';
import type { FindingScope } from '../../../src/model/finding/finding.ts';
import { stateSeries } from '../../../src/model/report/series-names.ts';
import type { Timeline } from '../../../src/page/charts/timeline.ts';
import { completed } from '../../../src/page/pages/container-strips.ts';
import { evidenceSpec } from '../../../src/page/pages/problems/evidence-spec.ts';
import { summaryText, valueText } from '../../../src/page/text/evidence.ts';
import type { ServedProblem } from '../../../src/serve/protocol.ts';

const program: FindingScope = { kind: 'process', name: 'web-1 19910/node', target: 'web-1', container: 'web-1' };

test.each([
  ['190 connections of one process', '190 connections of one process'],
  ['connections are not reused', 'Connections are not reused'],
  ['node (19910): its soft limit is 1024', 'node (19910): its soft limit is 1024'],
  ['web-1 has no default route', 'web-1 has no default route'],
])('a summary is a sentence, and a name in it stays as it is: %s', (summary, wanted) => {
  expect(summaryText({ summary, scope: program })).toBe(wanted);
});

test.each([
  [1024, '1,024'],
  ['227 to 1024', '227 to 1,024'],
  ['4026532254', '4026532254'],
  ['10.0.0.1 to 10.0.0.9', '10.0.0.1 to 10.0.0.9'],
])('the value %s is written %s', (value, wanted) => {
  expect(valueText({ what: 'open files', value, source: '' })).toBe(wanted);
});

test('the chart of a problem names the states that there were, not all that there are', () => {
  const values = (mean: number[]) => ({ mean, max: mean });
  const known: Timeline = {
    times: [0, 1000],
    series: new Map([
      ['open', values([5, 7])],
      [stateSeries('ESTABLISHED'), values([4, 7])],
      [stateSeries('LISTEN'), values([1, 0])],
    ]),
    stepMs: 1000,
    gaps: [],
  };
  const problem = { rule: 'POOL_ARITHMETIC' } as ServedProblem;
  const { layers } = evidenceSpec(problem, 'web-1', completed(known, { lanes: [] }));
  expect(layers.map(({ label }) => label).sort()).toEqual(['ESTABLISHED', 'LISTEN']);
});
