/** Which hosts Prometheus is told to scrape: https://prometheus.io/docs/prometheus/latest/http_sd. */
import { afterEach, expect, test } from 'vitest';
import { checkedHosts, type Discovery } from '../../../src/serve/hosts/discovery.ts';
import { createMetricsApp } from '../../../src/serve/http/metrics-routes.ts';
import { TestApp } from './app.ts';

let page: TestApp | undefined;
afterEach(async () => {
  await page?.close();
  page = undefined;
});

test('/sd: the hosts of the configuration as one group, and an empty list without any', async () => {
  const discovery: Discovery = { hosts: ['db-1.example:9477', '[2001:db8::1]:9477'] };
  page = new TestApp({ discovery });
  const answer = await page.get('/sd');
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  expect(await answer.json()).toEqual([{ targets: ['db-1.example:9477', '[2001:db8::1]:9477'], labels: {} }]);
  // As after SIGHUP.
  discovery.hosts = [];
  expect(await (await page.get('/sd')).json()).toEqual([]);
});

test('/sd: open to those who may read /metrics, and to no others', async () => {
  const discovery = { hosts: ['db-1.example:9477'] };
  page = new TestApp({ discovery, metricsAccess: { token: 'of-metrics', isOpen: false, isLoopback: false } });
  const status = async (authorization: string) => (await page?.get('/sd', { host: '10.1.2.3', authorization }))?.status;
  expect(await status('')).toBe(401);
  expect(await status('Bearer of-metrics')).toBe(200);
  const alone = createMetricsApp(
    { metrics: { text: () => '' }, discovery },
    { token: 'of-metrics', isOpen: false, isLoopback: false },
  );
  const asked = await alone.request('/sd', { headers: { host: 'any.example', authorization: 'Bearer of-metrics' } });
  expect([asked.status, (await alone.request('/sd', { headers: { host: 'any.example' } })).status]).toEqual([200, 401]);
});

test('hosts: each once, in lower case; what is none of HOST:PORT is refused', () => {
  expect(checkedHosts(['DB-1.example:9477', 'db-1.example:9477', '10.0.0.7:80', '[FD00::7]:9477'])).toEqual([
    'db-1.example:9477',
    '10.0.0.7:80',
    '[fd00::7]:9477',
  ]);
  for (const text of [
    'db-1',
    'db-1:',
    'db-1:0',
    'db-1:65536',
    'fd00::7:9477',
    '[db]:80',
    'http://db:80',
    'a b:80',
    '-x:80',
  ])
    expect(() => checkedHosts([text])).toThrow(`"${text}" is no host and port`);
});
