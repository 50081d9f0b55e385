import net, { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { post } from '../../../../src/serve/alerts/post.ts';
import { type AlertReceiver, alertReceiver } from '../../../support/alert-receiver.ts';

let receiver: AlertReceiver;
beforeEach(async () => {
  receiver = await alertReceiver();
});
afterEach(() => receiver.close());

const NEVER = new AbortController().signal;
const SECRET = 'T0123-secret-word';

const send = (url = `${receiver.url}/${SECRET}`) =>
  post({ url, headers: { 'Content-Type': 'application/json' }, body: '{"a":1}', secrets: [url, SECRET] }, NEVER);

describe('a receiver', () => {
  test('that takes it gets the body', async () => {
    expect(await send()).toMatchObject({ kind: 'sent' });
    expect(receiver.received).toMatchObject([{ path: `/${SECRET}`, json: { a: 1 } }]);
  });

  test.each([
    [400, 'refused'],
    [413, 'refused'],
    [401, 'failed'],
    [404, 'failed'],
    [429, 'failed'],
    [500, 'failed'],
    [503, 'failed'],
  ])('that answers %i', async (status, kind) => {
    receiver.answer = (_, response) => response.writeHead(status).end(`no ${SECRET}\u001b[31m\n${'x'.repeat(1e6)}`);
    const outcome = await send();
    expect(outcome).toMatchObject({ kind, reason: expect.stringContaining(`status ${status}: no …\\x1b`) });
    expect(JSON.stringify(outcome).length).toBeLessThan(300);
  });

  test.each([
    ['7', 7000],
    ['99999999', 3_600_000],
    ['soon', undefined],
    ['Mon, 01 Jan 1990 00:00:00 GMT', 0],
  ])('that says Retry-After: %s', async (value, retryAfterMs) => {
    receiver.answer = (_, response) => response.writeHead(429, { 'Retry-After': value }).end();
    expect(await send()).toEqual({ kind: 'failed', reason: 'status 429', status: 429, retryAfterMs });
  });

  test('that redirects is not followed, wherever to', async () => {
    receiver.answer = (_, response) => response.writeHead(307, { Location: `${receiver.url}/other` }).end();
    expect(await send()).toMatchObject({ kind: 'failed', reason: expect.stringContaining('307') });
    expect(receiver.received.length).toBe(1);
  });

  test('that never answers is given up', async () => {
    receiver.answer = () => undefined;
    const begin = Date.now();
    expect(await send()).toMatchObject({ kind: 'failed', reason: 'no answer within 5 s' });
    expect(Date.now() - begin).toBeGreaterThanOrEqual(4900);
  });

  test('that answers forever is read to a bound', async () => {
    receiver.answer = (_, response) => {
      response.writeHead(500);
      const more = () => {
        while (!response.destroyed && response.write('y'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    expect(await send()).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/^status 500: y+$/) });
  });

  test('that drips its answer is given up', async () => {
    receiver.answer = (_, response) => {
      response.writeHead(500).write('z');
      const timer = setInterval(() => response.write('z'), 200);
      response.on('close', () => clearInterval(timer));
    };
    expect(await send()).toMatchObject({ kind: 'failed', reason: 'no answer within 5 s' });
  });

  test('that talks no HTTP, or is not there', async () => {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.resume();
      socket.end(`SSH-2.0-${SECRET}\r\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const garbled = await send(`http://127.0.0.1:${port}/${SECRET}`);
    expect(garbled).toMatchObject({ kind: 'failed', reason: expect.stringContaining('no HTTP answer') });
    await new Promise((resolve) => server.close(resolve));
    const gone = await send(`http://127.0.0.1:${port}/${SECRET}`);
    expect(gone).toMatchObject({ kind: 'failed', reason: 'connection refused' });
    const unknown = await send('http://no-such-host.invalid/');
    expect(unknown).toMatchObject({ kind: 'failed', reason: 'its name is unknown' });
    expect(JSON.stringify([garbled, gone])).not.toContain(SECRET);
  });
});
