import { expect, test } from 'vitest';
import type { SocketView } from '../../../../src/model/socket/socket-view.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { parseSockstat } from '../../../../src/procfs/sockstat.ts';
import { areSameCounters, asBefore, isSettled } from '../../../../src/sources/live/settled.ts';

function socket(parts: Partial<Pick<SocketView, 'proto' | 'state' | 'receiveQueue' | 'sendQueue'>>): SocketView {
  return { proto: 'tcp', state: TCP_STATE.ESTABLISHED, receiveQueue: 0, sendQueue: 0, ...parts } as SocketView;
}

test.each([
  ['an idle connection', {}, true],
  ['a listener whose queue is empty', { state: TCP_STATE.LISTEN, sendQueue: 128 }, true],
  ['a UDP socket', { proto: 'udp' }, true],
  ['something to read', { receiveQueue: 1 }, false],
  ['something to send', { sendQueue: 1 }, false],
  ['something to accept', { state: TCP_STATE.LISTEN, sendQueue: 128, receiveQueue: 1 }, false],
  ['queues that are not known', { receiveQueue: undefined }, false],
  ['a UNIX socket', { proto: 'unix' }, false],
] as const)('settled: %s', (_, parts, expected) => {
  expect(isSettled(socket(parts))).toBe(expected);
});

test('counters are the same while the text of their files is, and the namespace has as many sockets', () => {
  const counters = { TcpInSegs: 5 };
  const sockstat = (tcp: number, memory: number) =>
    parseSockstat(`TCP: inuse ${tcp} orphan 0 tw 2 alloc 10 mem ${memory}\nUDP: inuse 1 mem 0\n`, '');
  const before = { counters, sockstat: sockstat(3, 1) };
  expect(areSameCounters(before, { counters, sockstat: sockstat(3, 7) })).toBe(true);
  expect(areSameCounters(before, { counters, sockstat: sockstat(4, 1) })).toBe(false);
  expect(areSameCounters(before, { counters: { TcpInSegs: 5 }, sockstat: sockstat(3, 1) })).toBe(false);
  expect(areSameCounters(before, { counters, sockstat: undefined })).toBe(false);
  expect(areSameCounters(undefined, before)).toBe(false);
});

test('processes are as before while they have as many descriptors, and keep what these are', () => {
  const process = { pid: 7, name: 'app', startTicks: 1, used: 4, softLimit: 100, hardLimit: 100 };
  const kinds = { byKind: { tcp: 4 } };
  expect(asBefore([{ ...process, softLimit: 200 }], [{ ...process, kinds }])).toEqual([
    { ...process, softLimit: 200, kinds },
  ]);
  expect(asBefore([process], [process])).toEqual([process]);
  for (const other of [{ used: 5 }, { pid: 8 }, { startTicks: 2 }])
    expect(asBefore([{ ...process, ...other }], [{ ...process, kinds }])).toBeUndefined();
  expect(asBefore([], [process])).toBeUndefined();
});
