import { expect, test } from 'vitest';
import { tied } from '../../../src/analyze/doctor/causes.ts';
import { backlogClamped } from '../../../src/analyze/doctor/rules/backlog-clamped.ts';
import { listenOverflow } from '../../../src/analyze/doctor/rules/listen-overflow.ts';
import { judge, listener, series, spaceSeries } from '../../support/series.ts';

const seen = series([spaceSeries([{ sockets: [listener(8080, { receiveQueue: 4, sendQueue: 3 })] }])]);
const [overflow, clamped] = [listenOverflow, backlogClamped].map((rule) => judge(rule, seen)[0]);

test.each([
  ['before', [clamped, overflow]],
  ['after', [overflow, clamped]],
])('a cause that was found %s its symptom comes first, and each comes once', (_order, findings) => {
  const ordered = tied(findings.flatMap((finding) => finding ?? []));
  expect(ordered.map(({ rule, causedBy }) => [rule, causedBy])).toEqual([
    ['BACKLOG_CLAMPED', undefined],
    ['LISTEN_OVERFLOW', 0],
  ]);
});
