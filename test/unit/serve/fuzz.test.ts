import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TestApp, TOKEN } from './app.ts';

/** Requests that are made in all. */
const REQUESTS = 100_000;

const page = new TestApp();
/** What no answer to a stranger may contain. */
const SECRETS = [TOKEN, 'root:', 'node_modules', '/src/', 'at Object.'];

const segment = fc.oneof(
  fc.constantFrom(
    '..',
    '.',
    '%2e%2e',
    '%2e%2e%2f',
    '..%5c',
    '%00',
    '%',
    '%zz',
    '',
    'etc',
    'passwd',
    '__proto__',
    'constructor',
  ),
  fc.constantFrom(
    'api',
    'v1',
    'ls',
    'ps',
    'history',
    'overview',
    'stream',
    'container',
    'session',
    'healthz',
    'index.html',
  ),
  fc.string({ maxLength: 12 }).map(encodeURIComponent),
);
const path = fc.oneof(
  fc.array(segment, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`),
  fc.constantFrom(
    '/api/v1/ls',
    '/api/v1/history',
    '/api/v1/container',
    '/api/v1/ps',
    '/api/v1/doctor',
    '/api/v1/explain',
  ),
);
const key = fc.oneof(
  fc.constantFrom(
    'target',
    'filter',
    'by',
    'from',
    'to',
    'points',
    'series',
    'name',
    'container',
    'rule',
    'for',
    'config',
    'set',
  ),
  fc.string({ maxLength: 8 }),
);
const value = fc.oneof(
  fc.constantFrom(
    '1',
    '-1',
    '1e9',
    '999999999999999999',
    '--from=/etc/passwd',
    '../../etc/passwd',
    '"><script>',
    '*',
    '\u202e',
    '\0',
  ),
  fc.string({ maxLength: 20 }),
  fc.string({ minLength: 4000, maxLength: 6000 }),
);
const query = fc.oneof(
  fc.constant(''),
  fc.array(fc.tuple(key, value), { maxLength: 5 }).map((pairs) => `?${new URLSearchParams(pairs)}`),
);
const header = fc.oneof(
  fc.record({}),
  fc.record({ host: fc.constantFrom('localhost', 'evil.com', '127.0.0.1:7077', '', '[::1', 'localhost\t') }),
  fc.record({
    authorization: fc.constantFrom('', 'Bearer', `Bearer ${TOKEN} `, `bearer ${TOKEN}`, `Bearer ${'x'.repeat(10_000)}`),
  }),
  fc.record({ origin: fc.constantFrom('null', 'http://localhost:7077', 'http://evil.com', 'file://') }),
  fc.record({ 'last-event-id': fc.constantFrom('-1', '99999999999999999999', 'x') }),
);
const method = fc.constantFrom(
  'GET',
  'GET',
  'GET',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE2',
  'PROPFIND',
);

test(`serve: ${REQUESTS} requests that nobody means are refused or answered, and tell nothing`, {
  timeout: 900_000,
}, async () => {
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(path, query, header, method, async (onPath, asked, headers, how) => {
      const answer = await page.get(`${onPath}${asked}`, headers, how);
      statuses.add(answer.status);
      if (answer.status >= 500) expect([onPath, answer.status]).toEqual([onPath, 503]);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      if (answer.headers.get('content-type')?.startsWith('text/event-stream')) {
        await answer.body?.cancel();
        return;
      }
      const text = await answer.text();
      // The test's command line answers with its arguments: those of a request that was let in.
      if (answer.status !== 200) for (const secret of SECRETS) expect(text).not.toContain(secret);
    }),
    { numRuns: REQUESTS, endOnFailure: true },
  );
  expect([...statuses].sort()).toEqual([200, 400, 401, 403, 404, 405, 421, 503]);
  expect(page.errors).toEqual([]);
  expect(page.streams.count).toBe(0);
});
