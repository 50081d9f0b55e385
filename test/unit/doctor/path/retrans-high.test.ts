import { describe, expect, test } from 'vitest';
import { retransHigh } from '../../../../src/doctor/rules/path/retrans-high.ts';
import type { TcpInfo } from '../../../../src/model/socket/tcp-info.ts';
import { judge, START_MS, series, spaceSeries, tcpSocket } from '../../../support/series.ts';

const MIB = 1_048_576;
const zeros: TcpInfo = { bytesSent: 0, bytesRetransmitted: 0, totalRetrans: 0, dataSegmentsOut: 0 };

/** One connection at two looks. */
function connection(before: TcpInfo, after: TcpInfo) {
  const same = { cookie: 7, process: { pid: 4242, name: 'node' }, container: 'web' };
  const at = (info: TcpInfo) => ({ sockets: [tcpSocket({ ...same, info: { ...zeros, ...info } })] });
  return series([spaceSeries([at(before), at(after)])]);
}

function sent(parts: TcpInfo) {
  return connection({}, { bytesSent: 10 * MIB, totalRetrans: 100, dataSegmentsOut: 7000, ...parts });
}

describe('a connection', () => {
  test.each([
    [0.0199, []],
    [0.02, ['warning']],
    [0.3, ['warning']],
  ])('that sent a share of %d again', (share, severities) => {
    const seen = sent({ bytesRetransmitted: Math.ceil(10 * MIB * share) });
    expect(judge(retransHigh, seen).map(({ severity }) => severity)).toEqual(severities);
  });

  test('is named with its peer and its holder', () => {
    expect(judge(retransHigh, sent({ bytesRetransmitted: MIB }))).toMatchObject([
      {
        about: 'peer 10.0.0.3:3306',
        scope: { kind: 'process', pid: 4242 },
        summary: '1 connection with 10.0.0.3:3306 retransmitted up to 10 %: packets are lost on the way',
      },
    ]);
  });

  test('by segments, where the kernel does not count bytes', () => {
    const same = { cookie: 7 };
    const at = (info: TcpInfo) => ({ sockets: [tcpSocket({ ...same, info })] });
    const lossy = [at({ totalRetrans: 0, dataSegmentsOut: 0 }), at({ totalRetrans: 40, dataSegmentsOut: 1000 })];
    expect(judge(retransHigh, series([spaceSeries(lossy)]))).toHaveLength(1);
  });

  test('quiet: little was sent, so that one loss decides', () => {
    const seen = connection(
      {},
      { bytesSent: MIB - 1, bytesRetransmitted: 90_000, totalRetrans: 2, dataSegmentsOut: 999 },
    );
    expect(judge(retransHigh, seen)).toEqual([]);
  });

  test('quiet: the losses were before the first look', () => {
    const old = { bytesSent: 10 * MIB, bytesRetransmitted: MIB, totalRetrans: 700, dataSegmentsOut: 7000 };
    expect(judge(retransHigh, connection(old, { ...old, bytesSent: 20 * MIB }))).toEqual([]);
  });

  test('quiet: not enough looks', () => {
    const info = { ...zeros, bytesSent: 10 * MIB, bytesRetransmitted: MIB, totalRetrans: 700 };
    expect(judge(retransHigh, series([spaceSeries([{ sockets: [tcpSocket({ info })] }])]))).toEqual([]);
  });

  test('one that was made meanwhile counts from its beginning', () => {
    const info = { ...zeros, bytesSent: 10 * MIB, bytesRetransmitted: MIB, totalRetrans: 700 };
    const seen = series([spaceSeries([{ sockets: [] }, { sockets: [tcpSocket({ info, notBeforeMs: START_MS })] }])]);
    expect(judge(retransHigh, seen)).toHaveLength(1);
  });

  test('look-alike: needless retransmissions, as the duplicate SACKs of the peer tell', () => {
    expect(judge(retransHigh, sent({ bytesRetransmitted: MIB, dsackDuplicates: 95 }))).toEqual([]);
  });

  test('look-alike: packets that came in another order', () => {
    expect(judge(retransHigh, sent({ bytesRetransmitted: MIB, reorderingSeen: 80 }))).toEqual([]);
  });
});

describe('a namespace', () => {
  function counters(sentSegments: number, again: number, others: Record<string, number> = {}) {
    const zero = Object.fromEntries(Object.keys(others).map((name) => [name, 0]));
    const before = { TcpOutSegs: 0, TcpRetransSegs: 0, ...zero };
    const after = { TcpOutSegs: sentSegments, TcpRetransSegs: again, ...others };
    return series([spaceSeries([{ counters: before }, { counters: after }])]);
  }

  test.each([
    [99, []],
    [100, ['warning']],
    [499, ['warning']],
    [500, ['critical']],
  ])('that sent %i of 10,000 segments again', (again, severities) => {
    expect(judge(retransHigh, counters(10_000, again)).map(({ severity }) => severity)).toEqual(severities);
  });

  test('quiet: fewer than a thousand segments', () => {
    expect(judge(retransHigh, counters(999, 500))).toEqual([]);
  });

  test('look-alike: SYNs that nobody answers', () => {
    expect(judge(retransHigh, counters(10_000, 800, { TcpExtTCPSynRetrans: 790 }))).toEqual([]);
  });

  test('look-alike: needless, said the peers', () => {
    expect(judge(retransHigh, counters(10_000, 800, { TcpExtTCPDSACKRecv: 700 }))).toEqual([]);
  });

  test('old losses are no rate', () => {
    const same = { TcpOutSegs: 10_000, TcpRetransSegs: 5000 };
    expect(judge(retransHigh, series([spaceSeries([{ counters: same }, { counters: same }])]))).toEqual([]);
  });
});
