import { expect, test } from 'vitest';
import { TestApp, TOKEN } from './app.ts';

const page = new TestApp();

async function statusOf(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<number> {
  return (await page.get(path, headers, method)).status;
}

test('serve: answers to its own names only, whatever the port', async () => {
  for (const host of [
    'localhost',
    'localhost:8123',
    '127.0.0.1:7077',
    '127.5.5.5',
    '[::1]:7077',
    '10.1.2.3:1',
    'LOCALHOST',
  ])
    expect([host, await statusOf('/api/v1/session', { host })]).toEqual([host, 200]);
  for (const host of [
    '',
    'evil.com',
    'localhost.evil.com',
    '127.0.0.1.evil.com',
    '10.1.2.4',
    '[::2]',
    'localhost:7077/x',
    'a b',
    '127.0.0.1@evil.com',
  ])
    expect([host, await statusOf('/api/v1/session', { host })]).toEqual([host, 421]);
});

test('serve: refuses other origins, other ports of this machine among them', async () => {
  const host = 'localhost:7077';
  expect(await statusOf('/api/v1/session', { host, origin: 'http://localhost:7077' })).toBe(200);
  for (const origin of [
    'http://localhost:3000',
    'https://evil.com',
    'null',
    'http://localhost',
    'http://localhost:7077.evil.com',
  ])
    expect([origin, await statusOf('/api/v1/session', { host, origin })]).toEqual([origin, 403]);
  expect(await statusOf('/api/v1/session', { 'sec-fetch-site': 'same-origin' })).toBe(200);
  expect(await statusOf('/api/v1/session', { 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await statusOf('/api/v1/session', { 'sec-fetch-site': 'same-site' })).toBe(403);
  expect(await statusOf('/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(200);
  expect(await statusOf('/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe(403);
});

test('serve: the API needs the token; the page, /healthz and /readyz do not', async () => {
  expect(await statusOf('/api/v1/session', { authorization: '' })).toBe(401);
  expect(await statusOf('/api/v1/session', { authorization: `Bearer ${TOKEN}x` })).toBe(401);
  expect(await statusOf('/api/v1/session', { authorization: `Basic ${TOKEN}` })).toBe(401);
  expect(await statusOf('/api/v1/nothing', { authorization: '' })).toBe(401);
  expect(await statusOf('/api/v1/nothing')).toBe(404);
  expect(await statusOf('/', { authorization: '' })).toBe(200);
  expect(await statusOf('/healthz', { authorization: '' })).toBe(200);
  expect(await statusOf('/readyz', { authorization: '' })).toBe(503);
});

test('serve: only reads', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
    expect([method, await statusOf('/api/v1/session', {}, method)]).toEqual([method, 405]);
});

test('serve: every answer forbids what is not its own, and sets no cookie', async () => {
  for (const [path, headers] of [
    ['/', {}],
    ['/api/v1/session', {}],
    ['/none', {}],
    ['/', { host: 'evil.com' }],
  ] as const) {
    const answer = await page.get(path, headers);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  }
});

test('serve: ready after the first sample', async () => {
  const own = new TestApp();
  expect((await own.get('/api/v1/overview')).status).toBe(503);
  await own.tick(1000);
  expect((await own.get('/readyz', { authorization: '' })).status).toBe(200);
  expect(await (await own.get('/api/v1/overview')).json()).toMatchObject({ protocol: 1, atMs: 1000, rows: [] });
  await own.close();
});

test('serve: a thousand namespaces that come and go leave a hundred rows behind that say it', async () => {
  const own = new TestApp();
  const namespaces = Array.from({ length: 1000 }, (_, netns) => {
    const name = `netns:n${netns}`;
    return { namespace: { netns, name, targets: [name], host: false, containers: [] }, lost: 0 };
  });
  const rows = async () => {
    const { rows: all } = (await (await own.get('/api/v1/overview')).json()) as { rows: { status: string }[] };
    return ['running', 'stopped'].map((wanted) => all.filter(({ status }) => status === wanted).length);
  };
  for (let round = 1; round <= 3; round++) {
    await own.tick(round * 2000, { namespaces });
    expect(await rows()).toEqual([1000, 0]);
    await own.tick(round * 2000 + 1000);
    expect(await rows()).toEqual([0, 100]);
  }
  await own.close();
});
