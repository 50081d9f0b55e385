import { expect, test } from 'vitest';
import { listenOverflow } from '../../../../src/doctor/rules/server/listen-overflow.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { judge, listener, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

/** A look at one listener of port 8080 (the port is its inode too) with so many waiting. */
const look = (waiting: number, limit = 128, ...more: PlainSocket[]) => ({
  sockets: [listener(8080, { receiveQueue: waiting, sendQueue: limit }), ...more],
});
const overflows = (from: number, to: number) =>
  [from, to].map((TcpExtListenOverflows) => ({ counters: { TcpExtListenOverflows } }));

test('seventy per cent at two looks are a warning; at one look, or with less, nothing', () => {
  expect(judge(listenOverflow, series([spaceSeries([look(90), look(90)])]))).toMatchObject([
    { rule: 'LISTEN_OVERFLOW', severity: 'warning', confidence: 'high', about: 'port 8080' },
  ]);
  expect(judge(listenOverflow, series([spaceSeries([look(90), look(0)])]))).toEqual([]);
  expect(judge(listenOverflow, series([spaceSeries([look(89), look(89)])]))).toEqual([]);
});

test('one more than the limit is critical at one look', () => {
  const child = tcpSocket({ local: '10.0.0.2:8080', peer: '10.0.0.9:50000', inode: 0 });
  const client = tcpSocket({ local: '10.0.0.2:40001', peer: '10.0.0.2:8080', state: TCP_STATE.SYN_SENT });
  const [finding] = judge(listenOverflow, series([spaceSeries([look(4, 3, child, client)])]));
  expect(finding).toMatchObject({
    severity: 'critical',
    summary: '4 connections wait in the accept queue of port 8080 (limit 3)',
  });
  const values = Object.fromEntries(finding?.evidence.map(({ what, value }) => [what, value]) ?? []);
  expect(values).toMatchObject({
    'established connections that are not accepted yet': 1,
    'clients in the same namespace still in SYN_SENT': 1,
  });
  expect(judge(listenOverflow, series([spaceSeries([look(3, 3)])]))).toEqual([]);
});

test("drops are the listener's own, whatever its queue looked like", () => {
  const [before, after] = overflows(100, 109);
  const looks = (own: number) => ({
    sockets: [
      listener(8080, { receiveQueue: 0, sendQueue: 128, drops: 20 + own }),
      listener(9090, { receiveQueue: 100, sendQueue: 128, drops: 4 }),
    ],
  });
  expect(
    judge(
      listenOverflow,
      series([
        spaceSeries([
          { ...before, ...looks(0) },
          { ...after, ...looks(9) },
        ]),
      ]),
    ),
  ).toMatchObject([
    {
      severity: 'critical',
      confidence: 'high',
      about: 'port 8080',
      summary: expect.stringContaining('dropped 9 times'),
      // A short report has the first three numbers.
      evidence: [expect.objectContaining({ value: 9 }), ...Array.from({ length: 5 }, () => expect.anything())],
    },
    // Nearly full in two snapshots, and nothing dropped.
    { severity: 'warning', about: 'port 9090' },
  ]);
});

test('two listeners that dropped: each with its own number', () => {
  const [before, after] = overflows(0, 7);
  const looks = (first: number, second: number) => ({
    sockets: [listener(8080, { drops: first }), listener(9090, { drops: second })],
  });
  const findings = judge(
    listenOverflow,
    series([
      spaceSeries([
        { ...before, ...looks(0, 1) },
        { ...after, ...looks(5, 3) },
      ]),
    ]),
  );
  expect(findings).toMatchObject([
    { confidence: 'high', about: 'port 8080', summary: expect.stringContaining('dropped 5 times') },
    { confidence: 'high', about: 'port 9090', summary: expect.stringContaining('dropped 2 times') },
  ]);
});

test('a listener that was opened during the run: all of its drops count', () => {
  const [before, after] = overflows(0, 2);
  const late = { sockets: [listener(8080, { drops: 2 })] };
  expect(
    judge(
      listenOverflow,
      series([
        spaceSeries([
          { ...before, sockets: [] },
          { ...after, ...late },
        ]),
      ]),
    ),
  ).toMatchObject([{ about: 'port 8080', summary: expect.stringContaining('dropped 2 times') }]);
});

test('drops at none of the listeners that are left were at one that has been closed', () => {
  const [before, after] = overflows(0, 3);
  const looks = { sockets: [listener(8080, { drops: 0 })] };
  expect(
    judge(
      listenOverflow,
      series([
        spaceSeries([
          { ...before, ...looks },
          { ...after, ...looks },
        ]),
      ]),
    ),
  ).toMatchObject([{ severity: 'critical', summary: expect.stringContaining('a listener that has been closed') }]);
});

test("without the listeners' own drops it is the one that was full, else one of them", () => {
  const [before, after] = overflows(0, 3);
  const other = listener(9090, { receiveQueue: 0, sendQueue: 128 });
  const seen = (waiting: number) =>
    judge(listenOverflow, series([spaceSeries([{ ...before, ...look(waiting, 128, other) }, { ...after }])]));
  expect(seen(129)).toMatchObject([{ about: 'port 8080', summary: expect.stringContaining('dropped 3 times') }]);
  const [finding] = seen(0);
  expect(finding).toMatchObject({
    severity: 'critical',
    confidence: 'medium',
    summary: expect.stringContaining('one of the ports 8080, 9090'),
  });
  expect(finding?.about).toBeUndefined();
});

test('look-alike: drops of the listener for another reason than its queue', () => {
  const samples = [0, 50].map((drops) => ({
    counters: { TcpExtListenDrops: drops, TcpExtListenOverflows: 7 },
    sockets: [listener(8080, { drops })],
  }));
  expect(judge(listenOverflow, series([spaceSeries(samples)]))).toEqual([]);
});

test('look-alike: drops for another reason, memory for one', () => {
  const samples = [0, 50].map((TcpExtListenDrops) => ({
    counters: { TcpExtListenDrops, TcpExtListenOverflows: 7 },
    ...look(3),
  }));
  expect(judge(listenOverflow, series([spaceSeries(samples)]))).toEqual([]);
});

test('look-alike: a SYN flood, whose half-open connections wait in no accept queue', () => {
  const halfOpen = Array.from({ length: 128 }, (_, index) =>
    tcpSocket({ local: '10.0.0.2:8080', peer: `10.9.0.1:${1024 + index}`, state: TCP_STATE.SYN_RECV, inode: 0 }),
  );
  const samples = [0, 900].map((TcpExtSyncookiesSent) => ({
    counters: { TcpExtSyncookiesSent, TcpExtListenOverflows: 0 },
    ...look(0, 128, ...halfOpen),
  }));
  expect(judge(listenOverflow, series([spaceSeries(samples)]))).toEqual([]);
});

test('look-alike: no descriptor left to accept with, which other rules name, is information', () => {
  const process = { pid: 4242, name: 'server' };
  const samples = [0, 0].map(() => ({
    sockets: [listener(8080, { receiveQueue: 129, sendQueue: 128, process })],
    processes: [{ ...process, startTicks: 1, used: 64, softLimit: 64, hardLimit: 64 }],
  }));
  expect(judge(listenOverflow, series([spaceSeries(samples)]))).toMatchObject([
    { severity: 'info', summary: expect.stringContaining('no descriptor left') },
  ]);
});

test('look-alike: /proc does not tell the limit, and Docker answers DNS itself', () => {
  expect(judge(listenOverflow, series([spaceSeries([{ ...look(5, 0), source: 'procfs' }])]))).toEqual([]);
  const dns = listener(45_000, { local: '127.0.0.11:45000', receiveQueue: 9, sendQueue: 3 });
  expect(judge(listenOverflow, series([spaceSeries([{ sockets: [dns] }])]))).toEqual([]);
});

/** Waiting connections by their cookies, in one look. */
const queued = (cookies: readonly number[], limit = 3) =>
  look(
    cookies.length,
    limit,
    ...cookies.map((cookie) => tcpSocket({ local: '10.0.0.2:8080', peer: `10.0.0.9:${cookie}`, cookie, inode: 0 })),
  );

test('where the same connections wait all the time nothing is accepted, and no longer backlog is advised', () => {
  const [finding] = judge(
    listenOverflow,
    series([spaceSeries([queued([1, 2, 3]), queued([1, 2, 3, 4]), queued([1, 2, 3, 4])])]),
  );
  expect(finding).toMatchObject({ severity: 'critical', about: 'port 8080' });
  expect(finding?.summary).toContain(': its process has accepted none for 2 s');
  expect(finding?.fixes).toHaveLength(1);
  expect(finding?.fixes[0]?.text).toContain('find what its process waits for');
});

test.each([
  ['one was accepted', [queued([1, 2, 3, 4]), queued([2, 3, 4, 5]), queued([2, 3, 4, 5])]],
  ['nothing waited at first', [queued([]), queued([1, 2, 3, 4]), queued([1, 2, 3, 4])]],
  ['only for a second', [queued([1, 2, 3, 4]), queued([1, 2, 3, 4])]],
])('a longer backlog is advised: %s', (_, looks) => {
  const [finding] = judge(listenOverflow, series([spaceSeries(looks)]));
  expect(finding?.summary).not.toContain('accepted none');
  expect(finding?.fixes.length).toBeGreaterThan(1);
});
