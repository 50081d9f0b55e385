import { expect, test } from 'vitest';
import { synSentStuck } from '../../../src/doctor/rules/client/syn-sent-stuck.ts';
import { backlogClamped } from '../../../src/doctor/rules/server/backlog-clamped.ts';
import { listenOverflow } from '../../../src/doctor/rules/server/listen-overflow.ts';
import { tied } from '../../../src/doctor/tied.ts';
import { TCP_STATE } from '../../../src/model/socket/tcp-state.ts';
import { container, judge, listener, series, spaceSeries, tcpSockets } from '../../support/series.ts';

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

test('a full queue explains the attempts that get no answer, wherever their clients live', () => {
  const stuck = tcpSockets(1, { state: TCP_STATE.SYN_SENT, retransmits: 4 });
  const full = (port: number) => listener(port, { receiveQueue: 4, sendQueue: 3 });
  const db = container({ name: 'db', id: 'b'.repeat(64), addresses: [{ network: 'bridge', address: '10.0.0.3' }] });
  const server = (port: number) =>
    spaceSeries([{ sockets: [full(port)] }], { netns: 2, name: 'db', targets: ['db'], containers: [db] });
  const causes = (port: number) => {
    const both = series([spaceSeries([{ sockets: stuck }]), server(port)]);
    const findings = [synSentStuck, listenOverflow].flatMap((rule) => judge(rule, both));
    return tied(findings).map(({ rule, causedBy }) => [rule, causedBy]);
  };
  expect(causes(3306)).toEqual([
    ['LISTEN_OVERFLOW', undefined],
    ['SYN_SENT_STUCK', 0],
  ]);
  // Another port of the same server explains nothing.
  expect(causes(3307)).toEqual([
    ['SYN_SENT_STUCK', undefined],
    ['LISTEN_OVERFLOW', undefined],
  ]);
});
