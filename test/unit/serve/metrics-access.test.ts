/** Who may read `/metrics`. */
import { afterEach, expect, test } from 'vitest';
import { createMetricsApp, type MetricsAccess } from '../../../src/serve/http/metrics-routes.ts';
import { TestApp, TOKEN } from './app.ts';

const OWN = 'the-token-of-metrics';
const metrics = { text: () => 'socklens_build_info 1\n' };
const ANONYMOUS = { authorization: '' };

let page: TestApp | undefined;
afterEach(async () => {
  await page?.close();
  page = undefined;
});

/** Statuses of a request without a token, with that of metrics, with that of the page. */
async function statuses(access: Partial<MetricsAccess>, host: string): Promise<number[]> {
  page = new TestApp({ metrics, metricsAccess: { token: undefined, isOpen: false, isLoopback: false, ...access } });
  const all: number[] = [];
  for (const authorization of ['', `Bearer ${OWN}`, `Bearer ${TOKEN}`])
    all.push((await page.get('/metrics', { host, authorization })).status);
  await page.close();
  return all;
}

test('loopback: open to this machine, not through the name of a proxy', async () => {
  expect(await statuses({ isLoopback: true }, 'localhost:7077')).toEqual([200, 200, 200]);
  expect(await statuses({ isLoopback: true }, '10.1.2.3:7077')).toEqual([401, 401, 200]);
});

test('loopback with a token of its own: that token, or the one of the page', async () => {
  expect(await statuses({ isLoopback: true, token: OWN }, 'localhost:7077')).toEqual([401, 200, 200]);
});

test('another address: a token, unless it is open', async () => {
  expect(await statuses({}, '10.1.2.3:7077')).toEqual([401, 401, 200]);
  expect(await statuses({ token: OWN }, '10.1.2.3:7077')).toEqual([401, 200, 200]);
  expect(await statuses({ isOpen: true }, '10.1.2.3:7077')).toEqual([200, 200, 200]);
  expect(await statuses({ isOpen: true, token: OWN }, '10.1.2.3:7077')).toEqual([401, 200, 200]);
});

test('the token of metrics opens nothing else', async () => {
  page = new TestApp({ metrics, metricsAccess: { token: OWN, isOpen: false, isLoopback: true } });
  await page.tick(1000);
  expect((await page.get('/api/v1/overview', { authorization: `Bearer ${OWN}` })).status).toBe(401);
});

test('a foreign name is refused, before any token', async () => {
  expect(await statuses({ isLoopback: true }, 'evil.example:7077')).toEqual([421, 421, 421]);
});

test('the text of the last sample, compressed where that is wanted; 503 before the first', async () => {
  page = new TestApp({ metrics });
  const plain = await page.get('/metrics', ANONYMOUS);
  expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await plain.text()).toBe(metrics.text());
  const zipped = await page.get('/metrics', { ...ANONYMOUS, 'accept-encoding': 'gzip' });
  expect(zipped.headers.get('content-encoding')).toBe('gzip');
  await page.close();
  page = new TestApp();
  expect((await page.get('/metrics', ANONYMOUS)).status).toBe(503);
});

test('a listener of its own: nothing but metrics; any name where a token protects it', async () => {
  const app = createMetricsApp({ metrics, discovery: { hosts: [] } }, { token: OWN, isOpen: false, isLoopback: false });
  const get = async (path: string, headers: Record<string, string>) => (await app.request(path, { headers })).status;
  const headers = { host: 'node-7.example:9477', authorization: `Bearer ${OWN}` };
  expect(await get('/metrics', headers)).toBe(200);
  expect(await get('/metrics', { host: 'node-7.example:9477' })).toBe(401);
  expect(await get('/api/v1/overview', headers)).toBe(404);
  expect(await get('/', headers)).toBe(404);
});

test('a listener of its own on loopback, open: not by a name that leads there', async () => {
  const app = createMetricsApp(
    { metrics, discovery: { hosts: [] } },
    { token: undefined, isOpen: false, isLoopback: true },
  );
  expect((await app.request('/metrics', { headers: { host: '127.0.0.1:9477' } })).status).toBe(200);
  expect((await app.request('/metrics', { headers: { host: 'evil.example' } })).status).toBe(421);
});
