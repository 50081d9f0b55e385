import { expect, test } from 'vitest';
import { Mailbox } from '../../../src/serve/http/mailbox.ts';
import { TestApp } from './app.ts';

/** Reads events of a stream until one passes. */
async function until(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  passes: (text: string) => boolean,
): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  while (!passes(text)) {
    const { value, done } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  return text;
}

function readerOf(answer: Response): ReadableStreamDefaultReader<Uint8Array> {
  if (answer.body === null) throw new Error('no stream');
  return answer.body.getReader();
}

test('serve: a stream begins with the latest tick, and has each one that follows', async () => {
  const page = new TestApp();
  await page.tick(1000);
  const answer = await page.get('/api/v1/stream');
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const reader = readerOf(answer);
  expect(await until(reader, (text) => text.includes('\n\n'))).toMatch(
    /^event: tick\nid: \d+\ndata: \{"protocol":1,"atMs":1000,/,
  );
  await page.tick(2000);
  expect(await until(reader, (text) => text.includes('\n\n'))).toContain('"atMs":2000');
  expect(page.streams.count).toBe(1);
  await reader.cancel();
  expect(page.streams.count).toBe(0);
  await page.close();
});

test('serve: a reader that comes back gets the kept events that it lacks, and no others', async () => {
  const page = new TestApp();
  page.streams.send('notice', () => ['first'], true);
  const first = readerOf(await page.get('/api/v1/stream'));
  const id = /id: (\d+)/.exec(await until(first, (text) => text.includes('\n\n')))?.[1] ?? '';
  await first.cancel();
  page.streams.send('problems', () => 'new', true);
  const again = readerOf(await page.get('/api/v1/stream', { 'last-event-id': id }));
  const text = await until(again, (received) => received.includes('\n\n'));
  expect(text).toContain('event: problems');
  expect(text).not.toContain('event: notice');
  await again.cancel();
  await page.close();
});

test('serve: a reader that never reads costs one event of each kind, and then gets the latest', async () => {
  const page = new TestApp();
  const answer = await page.get('/api/v1/stream');
  for (let at = 1; at <= 1000; at++) page.streams.send('tick', () => ({ at }), false);
  page.streams.send('notice', () => 'told', false);
  const text = await until(readerOf(answer), (received) => received.includes('told'));
  expect(text.match(/^event: /gm)).toHaveLength(2);
  expect(text).toContain('{"at":1000}');
  await page.close();
});

test('serve: at the end, streams end', async () => {
  const page = new TestApp();
  const reader = readerOf(await page.get('/api/v1/stream'));
  page.streams.closeAll();
  expect((await reader.read()).done).toBe(true);
  await page.close();
});

test('serve: the mailbox gives nothing after a while without events', async () => {
  expect(await new Mailbox().take(1)).toEqual([]);
});
