import { expect, test } from 'vitest';
import type { Finding, FindingScope } from '../../../src/model/finding/finding.ts';
import type { Problem } from '../../../src/model/finding/problem.ts';
import { problemNumbers, servedOf } from '../../../src/serve/doctor/served-problem.ts';

test('a problem of several containers at once is one of each of them, not of all their names in one', () => {
  const scopes: FindingScope[] = [
    { kind: 'host', name: 'db:mysql', target: 'web-1,web-2' },
    { kind: 'process', name: 'web-1 7/node', target: 'web-1', container: 'web-1', pid: 7 },
    { kind: 'process', name: 'netns:db 8/db', target: 'netns:db', pid: 8 },
  ];
  const problem = { severity: 'critical', causes: [0], symptoms: [{ findings: [1, 2] }] } as unknown as Problem;
  const served = servedOf(
    problem,
    scopes.map((scope) => ({ scope }) as Finding),
  );
  expect(served.containers).toEqual(['web-1', 'web-2', 'netns:db']);
  expect([...problemNumbers([{ ...served, id: '1', openedAtMs: 0 }])]).toEqual([
    ['web-1', { critical: 1 }],
    ['web-2', { critical: 1 }],
    ['netns:db', { critical: 1 }],
  ]);
});
