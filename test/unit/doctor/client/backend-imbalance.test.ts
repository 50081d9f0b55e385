import { expect, test } from 'vitest';
import { backendImbalance } from '../../../../src/doctor/rules/client/backend-imbalance.ts';
import { container, judge, series, spaceSeries, tcpSockets } from '../../../support/series.ts';

const process = { pid: 7, name: 'gateway' };
const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'api' };
const instances = [2, 3, 4].map((last) =>
  container({
    name: `api-${last}`,
    id: `${last}`.repeat(64),
    labels,
    addresses: [{ network: 'shop', address: `10.1.0.${last}` }],
  }),
);

function spread(counts: readonly number[], parts: { known?: boolean; prefix?: string; looks?: number } = {}) {
  const { known = true, prefix = '10.1.0', looks = 3 } = parts;
  const sockets = counts.flatMap((count, index) => tcpSockets(count, { process, peer: `${prefix}.${index + 2}:8080` }));
  const namespace = spaceSeries(Array.from({ length: looks }, () => ({ sockets })));
  return series([namespace], { containers: [...namespace.namespace.containers, ...(known ? instances : [])] });
}

test('more than twice the mean at one instance is a warning', () => {
  expect(judge(backendImbalance, spread([41, 10, 9]))).toMatchObject([
    { rule: 'BACKEND_IMBALANCE', severity: 'warning', confidence: 'medium', about: 'port 8080', scope: { pid: 7 } },
  ]);
  expect(judge(backendImbalance, spread([40, 10, 10]))).toEqual([]);
});

test('an instance without a connection is a warning', () => {
  expect(judge(backendImbalance, spread([10, 10]))).toHaveLength(1);
});

test('too few connections, too few instances, too few looks', () => {
  expect(judge(backendImbalance, spread([15, 2, 2]))).toEqual([]);
  expect(judge(backendImbalance, spread([30, 2], { known: false }))).toEqual([]);
  expect(judge(backendImbalance, spread([41, 10, 9], { looks: 2 }))).toEqual([]);
});

test('look-alike: even', () => {
  expect(judge(backendImbalance, spread([12, 10, 8]))).toEqual([]);
});

test('addresses that nobody knows as one service are a hint only', () => {
  expect(judge(backendImbalance, spread([41, 10, 9], { known: false }))).toMatchObject([
    { severity: 'info', confidence: 'low' },
  ]);
});

test('look-alike: public addresses are different services', () => {
  expect(judge(backendImbalance, spread([41, 10, 9], { known: false, prefix: '93.184.216' }))).toEqual([]);
});

test('look-alike: a rolling restart, whose clients come back one by one', () => {
  // Connections to the three instances at each second; the last one restarts at `lostAt`.
  const restarted = (seconds: number, lostAt: number) => {
    const looks = Array.from({ length: seconds }, (_, at) => {
      const last = at < lostAt ? 10 : at === lostAt ? 0 : 4;
      return {
        sockets: [26, 5, last].flatMap((count, index) =>
          tcpSockets(count, { process, peer: `10.1.0.${index + 2}:8080` }),
        ),
      };
    });
    const namespace = spaceSeries(looks);
    return series([namespace], { containers: [...namespace.namespace.containers, ...instances] });
  };
  expect(judge(backendImbalance, restarted(40, 30))).toEqual([]);
  expect(judge(backendImbalance, restarted(40, 39))).toEqual([]);
  expect(judge(backendImbalance, restarted(80, 10))).toHaveLength(1);
});
