import { expect, test } from 'vitest';
import { isShared, soleContainer } from '../../../../src/model/netns/sharing.ts';

test.each([
  { containers: [], host: false, shared: false, sole: undefined },
  { containers: ['web'], host: false, shared: false, sole: 'web' },
  { containers: ['web', 'sidecar'], host: false, shared: true, sole: undefined },
  { containers: [], host: true, shared: false, sole: undefined },
  { containers: ['web'], host: true, shared: true, sole: undefined },
])('$containers, host $host: shared $shared', ({ containers, host, shared, sole }) => {
  expect(isShared({ containers, host })).toBe(shared);
  expect(soleContainer({ containers, host })).toBe(sole);
});
