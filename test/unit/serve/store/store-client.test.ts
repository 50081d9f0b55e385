import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoreClient, type StoreTarget } from '../../../../src/serve/store/store-client.ts';
import { StoreError } from '../../../../src/serve/store/store-error.ts';
import { type AlertReceiver, alertReceiver } from '../../../support/alert-receiver.ts';

const SECRET = 'Bearer s3cret-of-the-store';

let store: AlertReceiver;
beforeEach(async () => {
  store = await alertReceiver();
});
afterEach(() => store.close());

function client(more: Partial<StoreTarget> = {}): StoreClient {
  return new StoreClient({ url: store.url, headers: { authorization: SECRET }, version: '1.2.3', ...more });
}

function answers(data: unknown, more: object = {}): void {
  store.answer = (_, response) => response.end(JSON.stringify({ status: 'success', data, ...more }));
}

async function failure(asking: Promise<unknown>): Promise<StoreError> {
  const error = await asking.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

describe('questions', () => {
  test('are posted with what authorizes them, in seconds', async () => {
    answers({ resultType: 'matrix', result: [] });
    await client({ url: `${store.url}/select/0/prometheus/` }).queryRange('up', {
      fromMs: 1500,
      toMs: 31_500,
      stepMs: 15_000,
    });
    const [asked] = store.received;
    expect(asked?.path).toBe('/select/0/prometheus/api/v1/query_range');
    expect(asked?.headers).toMatchObject({ authorization: SECRET, 'user-agent': 'socklens/1.2.3' });
    expect(Object.fromEntries(new URLSearchParams(asked?.bytes.toString()))).toEqual({
      query: 'up',
      start: '1.500',
      end: '31.500',
      step: '15.000',
      nocache: '1',
      timeout: '9500ms',
    });
  });

  test('of label values name the selectors', async () => {
    answers(['a', 'b']);
    const { data } = await client().labelValues('container', { match: ['x{a="b"}', 'y'], fromMs: 1000, toMs: 2000 });
    expect(data).toEqual(['a', 'b']);
    const url = new URL(`http://store${store.received[0]?.path}`);
    expect(url.pathname).toBe('/api/v1/label/container/values');
    expect(url.searchParams.getAll('match[]')).toEqual(['x{a="b"}', 'y']);
    expect(url.searchParams.get('end')).toBe('2.000');
  });
});

describe('answers', () => {
  test('have the values of each series, those that are no numbers too', async () => {
    answers({
      resultType: 'vector',
      result: [
        { metric: { __name__: 'a', container: 'we"b' }, value: [1_796_040_000.123, '17'] },
        { metric: {}, value: [1_796_040_000, 'NaN'] },
        { metric: {}, value: [1_796_040_000, '+Inf'] },
      ],
    });
    expect((await client().query('a', 1000)).data).toEqual([
      { labels: { __name__: 'a', container: 'we"b' }, atMs: 1_796_040_000_123, value: 17 },
      { labels: {}, atMs: 1_796_040_000_000, value: Number.NaN },
      { labels: {}, atMs: 1_796_040_000_000, value: Number.POSITIVE_INFINITY },
    ]);
  });

  test('have times and values of a range', async () => {
    answers({
      resultType: 'matrix',
      result: [
        {
          metric: { a: 'b' },
          values: [
            [1, '2'],
            [16.5, '3.5'],
          ],
        },
      ],
    });
    const { data } = await client().queryRange('a', { fromMs: 0, toMs: 20_000, stepMs: 15_500 });
    expect(data).toEqual([{ labels: { a: 'b' }, times: [1000, 16_500], values: [2, 3.5] }]);
  });

  test('that lack something say so', async () => {
    answers(
      { resultType: 'vector', result: [] },
      { warnings: [`replica\u001b[31m of ${SECRET} is gone`], isPartial: true },
    );
    const { warnings } = await client().query('a');
    expect(warnings).toEqual([
      'replica\\x1b[31m of … is gone',
      'the answer is partial: some of its storage nodes did not answer',
    ]);
  });

  test.each([
    ['a page', '<html>'],
    ['nothing', ''],
    ['null', 'null'],
    ['a failure with status 200', '{"status":"error","error":"x"}'],
    ['another type', '{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}'],
    ['a result that is no list', '{"status":"success","data":{"resultType":"vector","result":7}}'],
    ['series that are none', '{"status":"success","data":{"resultType":"vector","result":[null]}}'],
    [
      'a value that is a number',
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,1]}]}}',
    ],
    [
      'a label that is a number',
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"1"]}]}}',
    ],
  ])('that are nonsense: %s', async (_, text) => {
    store.answer = (__, response) => response.end(text);
    const error = await failure(client().query('a'));
    expect(error).toMatchObject({ fault: 'broken', kind: 'io' });
    expect(error.message).toBe(
      `the store ${new URL(store.url).host} answers something else than Prometheus' API does: is the URL right?`,
    );
  });

  test('that are too long are not read to the end', async () => {
    store.answer = (_, response) => {
      const write = () => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', write);
      };
      write();
    };
    const error = await failure(client({ maxBytes: 2 << 20 }).query('a'));
    expect(error).toMatchObject({ fault: 'refused', message: expect.stringContaining('more than 2 MB') });
  });

  test('are taken apart when they are packed, within the same bound', async () => {
    store.answer = (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(zlib.gzipSync('x'.repeat(3 << 20)));
    };
    expect(await failure(client({ maxBytes: 1 << 20 }).query('a'))).toMatchObject({ fault: 'refused' });
    answers({ resultType: 'vector', result: [] });
    expect((await client().query('a')).data).toEqual([]);
  });
});

describe('a store', () => {
  test.each([
    [400, 'refused', 'refused the question (400): bad_data: exceeded maximum resolution of 11,000 points'],
    [401, 'unauthorized', 'refuses the credentials (401): bad_data: exceeded'],
    [403, 'unauthorized', 'refuses the credentials (403)'],
    [404, 'broken', 'has no Prometheus API at this path (404)'],
    [422, 'refused', 'refused the question (422)'],
    [429, 'busy', 'is busy (429)'],
    [500, 'broken', 'failed (500): bad_data'],
    [503, 'busy', 'is busy (503)'],
  ])('that answers %i', async (status, fault, words) => {
    store.answer = (_, response) =>
      response.writeHead(status, { 'retry-after': '7' }).end(
        JSON.stringify({
          status: 'error',
          errorType: 'bad_data',
          error: `exceeded maximum resolution of 11,000 points ${SECRET}\n\u001b[31m${'x'.repeat(9999)}`,
        }),
      );
    const error = await failure(client().query('a'));
    expect(error).toMatchObject({ fault, message: expect.stringContaining(words) });
    expect(error.retryAfterMs).toBe(status === 429 || status >= 500 ? 7000 : undefined);
    expect(error.message).not.toContain('s3cret');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there is none
    expect(error.message).not.toMatch(/[\u0000-\u001f]/);
    expect(error.message.length).toBeLessThan(400);
  });

  test('that redirects is not followed: another would get what authorizes', async () => {
    store.answer = (_, response) => response.writeHead(302, { location: `${store.url}/elsewhere` }).end();
    expect(await failure(client().query('a'))).toMatchObject({
      fault: 'broken',
      message: expect.stringContaining('redirects (302), which is not followed'),
    });
    expect(store.received.length).toBe(1);
  });

  test('that is down', async () => {
    const server = net.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await failure(client({ url: `http://127.0.0.1:${port}` }).query('a'))).toMatchObject({
      fault: 'down',
      message: `the store 127.0.0.1:${port} does not answer: connection refused`,
    });
  });

  test('that speaks another protocol', async () => {
    const server = net.createServer((socket) => socket.on('error', () => undefined).end('220 mail\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const error = await failure(client({ url: `http://127.0.0.1:${port}` }).query('a'));
    expect(error).toMatchObject({ fault: 'down', message: expect.stringContaining('no HTTP answer') });
    server.close();
  });

  test('that is slow is given up, also in the middle of its answer', async () => {
    store.answer = () => undefined;
    const words = { fault: 'slow', message: expect.stringContaining('did not answer within 0.3 s') };
    expect(await failure(client({ timeoutMs: 300 }).query('a'))).toMatchObject(words);
    store.answer = (_, response) => void response.write('{"status":');
    expect(await failure(client({ timeoutMs: 300 }).query('a'))).toMatchObject(words);
  });

  test('is left alone when the one who asks gives up', async () => {
    const gone = new AbortController();
    store.answer = () => gone.abort(new Error('the browser is gone'));
    await expect(client().query('a', undefined, gone.signal)).rejects.toThrow('the browser is gone');
  });
});
