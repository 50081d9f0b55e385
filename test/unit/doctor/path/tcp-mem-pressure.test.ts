import { expect, test } from 'vitest';
import { tcpMemPressure } from '../../../../src/doctor/rules/path/tcp-mem-pressure.ts';
import { judge, START_MS, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

/** tcp_mem of a machine of 8 GiB. */
const LIMITS = [93_000, 124_000, 186_000] as const;

function host(...pages: number[]) {
  const samples = pages.map((tcpMemPages, second) => ({
    atMs: START_MS + second * 1000,
    tcpMemPages,
    tcpMemLimits: LIMITS,
  }));
  const sockets = [tcpSocket({ receiveQueue: 6_000_000, container: 'web', process: { pid: 7, name: 'sink' } })];
  const counters = [{ TcpExtPruneCalled: 10 }, { TcpExtPruneCalled: 250 }];
  return series([spaceSeries(counters.map((each) => ({ counters: each, sockets })))], { host: samples });
}

test.each([
  [124_000, []],
  [124_001, ['warning']],
  [167_400, ['warning']],
  [167_401, ['critical']],
])('%i pages', (pages, severities) => {
  expect(judge(tcpMemPressure, host(pages)).map(({ severity }) => severity)).toEqual(severities);
});

test('the most that was seen counts, and who has it in its queues', () => {
  const [finding] = judge(tcpMemPressure, host(1000, 170_000, 1000));
  expect(finding).toMatchObject({ severity: 'critical', scope: { kind: 'host', target: 'host' } });
  expect(finding?.evidence).toContainEqual(expect.objectContaining({ source: 'TcpExtPruneCalled', value: 240 }));
  expect(finding?.evidence).toContainEqual(
    expect.objectContaining({ what: 'most bytes in queues: web 7/sink', value: 6_000_000 }),
  );
  expect(finding?.fixes.at(-1)?.snippet).toBe('net.ipv4.tcp_mem = 186000 248000 372000');
});

test.each([
  [300, []],
  [301, ['info']],
])('sockets of a container with %i of its 1000 bytes', (bytes, severities) => {
  const memory = [{ container: 'web', bytes, limitBytes: 1000 }];
  expect(judge(tcpMemPressure, series([spaceSeries([{ memory }])])).map(({ severity }) => severity)).toEqual(
    severities,
  );
});

test('quiet where nobody could read it, and without a limit', () => {
  expect(judge(tcpMemPressure, series([spaceSeries([{}])], { host: [{ atMs: START_MS }] }))).toEqual([]);
  expect(judge(tcpMemPressure, series([spaceSeries([{ memory: [{ container: 'web', bytes: 1e9 }] }])]))).toEqual([]);
});
