import { expect, test } from 'vitest';
import { tied } from '../../../src/doctor/tied.ts';
import type { Finding } from '../../../src/model/finding/finding.ts';

function finding(rule: string, severity: Finding['severity'] = 'critical', container = 'web'): Finding {
  return {
    rule,
    severity,
    confidence: 'high',
    summary: rule,
    evidence: [],
    fixes: [],
    byHand: '',
    about: 'peer db:mysql',
    scope: { kind: 'container', name: container, target: container, container },
  };
}

test('each finding is told once, a cause before what it leads to', () => {
  const findings = [finding('REFUSED_BY_SERVER'), finding('POOL_OVERRUN'), finding('POOL_IDLE_CAP_ONLY', 'warning')];
  const ordered = tied(findings);
  expect(ordered.map(({ rule }) => rule)).toEqual(['POOL_IDLE_CAP_ONLY', 'REFUSED_BY_SERVER', 'POOL_OVERRUN']);
  expect(ordered.map(({ causedBy }) => causedBy)).toEqual([undefined, 0, 0]);
});

test('what several containers have together explains what one of them suffers', () => {
  const { about, ...rest } = finding('POOL_ARITHMETIC');
  const shared: Finding = {
    ...rest,
    ...(about && { about }),
    scope: { kind: 'host', name: 'db', target: 'web-1,web-2' },
  };
  const ordered = tied([finding('REFUSED_BY_SERVER', 'critical', 'web-2'), shared]);
  expect(ordered.map(({ rule, causedBy }) => [rule, causedBy])).toEqual([
    ['POOL_ARITHMETIC', undefined],
    ['REFUSED_BY_SERVER', 0],
  ]);
});
