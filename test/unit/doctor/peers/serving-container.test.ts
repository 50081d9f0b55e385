import { expect, test } from 'vitest';
import { containersAt, goesBy } from '../../../../src/doctor/peers/endpoints.ts';
import { servingContainer } from '../../../../src/doctor/peers/serving-container.ts';
import { container, listener, series, spaceSeries, tcpSockets } from '../../../support/series.ts';

const ADDRESS = '10.244.0.7';
const inPod = (name: string, digit: string) =>
  container({
    name: `prod/db-0/${name}`,
    id: digit.repeat(64),
    addresses: [{ network: 'pod', address: ADDRESS }],
    pod: { id: 'f'.repeat(64), namespace: 'prod', name: 'db-0', container: name },
  });
// In the order of names, the one that is meant last.
const members = [inPod('backup', '1'), inPod('exporter', '2'), inPod('server', '3')];

const client = spaceSeries([{ sockets: tcpSockets(3, { peer: `${ADDRESS}:5432` }) }], { netns: 1 });
function pod(...listeners: [port: number, container: string][]) {
  const sockets = listeners.map(([port, name]) => listener(port, { container: `prod/db-0/${name}` }));
  return spaceSeries([{ sockets }], { netns: 2, containers: members });
}
const serving = (port: number, ...listeners: [number, string][]) =>
  servingContainer(series([client, pod(...listeners)], { containers: members }), client, ADDRESS, port)?.name;

test('of a pod the container that listens on the port is meant', () => {
  expect(serving(5432, [5432, 'server'], [9187, 'exporter'])).toBe('prod/db-0/server');
  expect(serving(9187, [5432, 'server'], [9187, 'exporter'])).toBe('prod/db-0/exporter');
});

test('none where nobody listens, and where two do', () => {
  expect(serving(5432)).toBeUndefined();
  expect(serving(5432, [5432, 'server'], [5432, 'backup'])).toBeUndefined();
});

test('the only container with an address is meant, whoever listens', () => {
  const [only] = members;
  const all = series([client], { containers: [only as (typeof members)[0]] });
  expect(servingContainer(all, client, ADDRESS, 5432)).toBe(only);
  expect(servingContainer(all, client, '10.244.0.8', 5432)).toBeUndefined();
});

test('a pod goes by its name, with its namespace and without', () => {
  const all = series([client], { containers: members });
  expect(containersAt(all, ADDRESS)).toHaveLength(3);
  for (const name of ['prod/db-0', 'db-0', 'prod/db-0/server'])
    expect(containersAt(all, ADDRESS).some((each) => goesBy(each, name))).toBe(true);
  expect(containersAt(all, ADDRESS).some((each) => goesBy(each, 'db'))).toBe(false);
});
