import { expect, test } from 'vitest';
import { eventLoss } from '../../../../src/doctor/rules/facts/event-loss.ts';
import type { ClosedGroup } from '../../../../src/model/sample/closed-group.ts';
import { judge, series, spaceSeries } from '../../../support/series.ts';

const ended: ClosedGroup = {
  proto: 'tcp',
  role: 'client',
  outcome: 'closed',
  peerAddress: '10.0.0.9',
  peerPort: 80,
  localPort: 0,
  count: 7,
  shortLived: 0,
  greetedOnly: 0,
  silent: 0,
  bytesSent: 0,
  bytesReceived: 0,
  retransmits: 0,
};

test('lost events are a fact with how often, in how many samples, and how many closed connections were reported', () => {
  const samples = [
    { lost: 0, closed: [] },
    { lost: 2, closed: [ended] },
    { lost: 1, closed: [ended] },
  ];
  expect(judge(eventLoss, series([spaceSeries(samples)]))).toMatchObject([
    {
      rule: 'EVENT_LOSS',
      severity: 'info',
      summary: expect.stringContaining('3 times'),
      evidence: [{ value: 3 }, { value: '2 of 3' }, { value: 14 }],
    },
  ]);
});

test('look-alike: events without a loss, and a namespace without events', () => {
  expect(judge(eventLoss, series([spaceSeries([{ lost: 0, closed: [ended] }, {}])]))).toEqual([]);
});
