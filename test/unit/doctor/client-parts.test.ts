import { expect, test } from 'vitest';
import { partsOf } from '../../../src/doctor/clients/closed-connections.ts';
import { portRangeOf } from '../../../src/doctor/clients/port-use.ts';
import { declaredFor, endpointKey, isPrivate } from '../../../src/doctor/peers/endpoints.ts';
import { floorReturns } from '../../../src/doctor/pools/idle-floor.ts';
import { databaseAt } from '../../../src/doctor/pools/servers.ts';
import { recommendedCap } from '../../../src/doctor/pools/shared-endpoints.ts';
import { container, series, spaceSeries } from '../../support/series.ts';

const shape = { floorMs: 3000, tolerance: 0.1, factor: 1.5, minimumFloor: 1 };

function returnsOf(counts: readonly number[]) {
  return floorReturns(
    counts.map((count, index) => ({ atMs: index * 1000, count })),
    shape,
  ).map(({ peak, floor }) => [peak, floor]);
}

test('peaks that fell back to a flat floor', () => {
  expect(returnsOf([10, 90, 80, 20, 20, 20, 21])).toEqual([[90, 20]]);
  expect(returnsOf([90, 80, 20, 20, 20, 21, 70, 20, 19, 20, 20])).toEqual([
    [90, 20],
    [70, 20],
  ]);
  expect(returnsOf([20, 20, 20, 20, 90, 90, 90, 90, 90])).toEqual([]);
  expect(returnsOf([])).toEqual([]);
});

test('a plateau at the top belongs to the peak', () => {
  expect(returnsOf([20, 90, 90, 90, 90, 90, 20, 20, 20, 20])).toEqual([[90, 20]]);
});

test('the cap with which all fit: domain arithmetic by hand', () => {
  const of = (limit: number, reserved: number, processes: number, deployFactor: number) =>
    recommendedCap({ limit, reserved, processes, deployFactor, reserveShare: 0.1 });
  // 151 x 0.9 / 4 = 33.975; 97 x 0.9 / (3 x 2) = 14.55.
  expect(of(151, 0, 4, 1)).toBe(33);
  expect(of(100, 3, 3, 2)).toBe(14);
  expect(of(100, 3, 1000, 1)).toBe(1);
});

test('the range of ports as sysctl tells it', () => {
  const range = portRangeOf({
    'net.ipv4.ip_local_port_range': '40000\t40009',
    'net.ipv4.ip_local_reserved_ports': '40001-40003,40009,50000',
  });
  expect([range.first, range.last, range.size]).toEqual([40000, 40009, 6]);
  expect([range.has(40000), range.has(40002), range.has(40010)]).toEqual([true, false, false]);
  expect(portRangeOf({}).size).toBe(28232);
});

test('parts of a window', () => {
  const amounts = [0, 1000, 9000, 10_000].map((atMs) => ({ atMs, amount: 1 }));
  expect(partsOf(amounts, 10_000, 10_000, 2)).toEqual([1, 2]);
});

test('an endpoint by every name that it goes by', () => {
  const labels = { 'com.docker.compose.service': 'db' };
  const addresses = [{ network: 'back', address: '10.0.0.3' }];
  const db = container({ name: 'shop-db-1', id: 'd'.repeat(64), labels, addresses });
  const namespace = spaceSeries([]);
  const seen = series([namespace], { containers: [db] });
  const find = (host: string, plain = '10.0.0.3', port = 3306) =>
    declaredFor([{ endpoint: { host, port: 3306 } }], seen, namespace.namespace, plain, port) !== undefined;
  expect(['db', 'shop-db-1', '10.0.0.3'].map((host) => find(host))).toEqual([true, true, true]);
  expect(find('other')).toBe(false);
  expect(find('db', '10.0.0.3', 5432)).toBe(false);
  expect([find('localhost', '127.0.0.1'), find('web', '127.0.0.1'), find('db', '127.0.0.1')]).toEqual([
    true,
    true,
    false,
  ]);
  expect(endpointKey(seen, namespace.namespace, '10.0.0.3', 3306)).toBe(`container:${'d'.repeat(64)}:3306`);
  expect(endpointKey(seen, namespace.namespace, '127.0.0.1', 3306)).toBe(`netns:${namespace.namespace.netns}:3306`);
});

test('a database by its port, or by the image behind the address', () => {
  const image = (name: string) => {
    const declared = { limits: [], sysctls: {}, published: [], image: name };
    const addresses = [{ network: 'back', address: '10.0.0.3' }];
    return databaseAt(
      series([], { containers: [container({ addresses, declared })] }),
      spaceSeries([]),
      '10.0.0.3',
      4000,
    )?.name;
  };
  expect(databaseAt(series([]), spaceSeries([]), '10.0.0.3', 5432)?.name).toBe('PostgreSQL');
  expect(image('docker.io/library/mariadb:11')).toBe('MySQL');
  expect(image('postgres')).toBe('PostgreSQL');
  expect(image('prom/mysqld-exporter')).toBeUndefined();
});

test("networks of one's own", () => {
  const own = ['10.1.2.3', '172.31.0.1', '192.168.1.1', '100.64.0.1', '127.0.0.1', '::1', 'fd00::1'];
  expect(own.every(isPrivate)).toBe(true);
  expect(['172.32.0.1', '8.8.8.8', '100.128.0.1', '2001:db8::1'].some(isPrivate)).toBe(false);
});
