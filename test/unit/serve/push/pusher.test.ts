import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Pusher } from '../../../../src/serve/push/pusher.ts';
import { freePort } from '../../../support/free-port.ts';
import { until } from '../../../support/netns.ts';
import { container, MetricsScene } from '../metrics/scene.ts';
import { Receiver } from './receiver.ts';

const SOCKETS = { open: 3, timeWait: 0, byState: { ESTABLISHED: 3 }, udp: 0, raw: 0 };
const WEB = container('web', { sockets: SOCKETS });
const WEB_SERIES =
  '__name__=socklens_container_sockets,container=web,host=h,instance=i,job=socklens,protocol=tcp,state=established';

let folder: string;
let receiver: Receiver;
let pusher: Pusher | undefined;
let scene: MetricsScene;
let now: number;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-push-'));
  receiver = new Receiver();
  scene = new MetricsScene();
  now = Date.now();
});
afterEach(async () => {
  await pusher?.close();
  await receiver.stop().catch(() => {});
  fs.rmSync(folder, { recursive: true, force: true });
});

function push(url: string, token?: string): Pusher {
  pusher = new Pusher({
    target: { url, token, version: '1.2.3' },
    host: 'h',
    instance: 'i',
    metrics: scene.metrics,
    folder: path.join(folder, 'push'),
  });
  return pusher;
}

/** A tick and a round. */
function round(containers = [WEB], at?: number): number {
  now += 1000;
  const atMs = at ?? now;
  scene.tick(containers, atMs);
  pusher?.round();
  return atMs;
}

function timesOf(series = WEB_SERIES): number[] {
  return receiver.taken.filter((one) => one.series === series && !one.isStale).map(({ atMs }) => atMs);
}

function counted(result: string): number {
  const line = scene.lines('socklens_push_samples_total').find((one) => one.includes(`"${result}"`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

test('a round: every series once, with its labels sorted, the time of the tick, and the headers of the protocol', async () => {
  push(await receiver.start(), 'secret-token-of-push');
  const atMs = round();
  await pusher?.settled();
  const [request] = receiver.requests;
  expect(request?.headers).toMatchObject({
    'content-encoding': 'snappy',
    'content-type': 'application/x-protobuf',
    'x-prometheus-remote-write-version': '0.1.0',
    authorization: 'Bearer secret-token-of-push',
  });
  expect(request?.samples.find(({ series }) => series === WEB_SERIES)).toMatchObject({ value: 3, atMs });
  const bucket = request?.samples.find(({ series }) => series.includes('_bucket') && series.includes('le=+Inf'));
  expect(bucket?.value).toBe(1);
  const all = (request?.samples ?? []).map(({ series }) => series);
  expect(new Set(all).size).toBe(all.length);
  pusher?.round();
  await pusher?.settled();
  expect(receiver.requests).toHaveLength(1);
});

test('a container that goes ends its series; so does the end of serve', async () => {
  push(await receiver.start());
  round();
  await pusher?.settled();
  round([]);
  await pusher?.settled();
  expect(receiver.taken.filter(({ isStale }) => isStale).map(({ series }) => series)).toContain(WEB_SERIES);
  const before = receiver.taken.length;
  await pusher?.close();
  const last = receiver.taken.slice(before);
  expect(last.every(({ isStale }) => isStale)).toBe(true);
  expect(last.some(({ series }) => series.includes('socklens_build_info'))).toBe(true);
});

test('down, then up: everything arrives, in the order of its times', async () => {
  const port = await freePort();
  push(`http://127.0.0.1:${port}/api/v1/write`);
  const times: number[] = [];
  for (let index = 0; index < 5; index++) {
    times.push(round());
    await pusher?.settled();
  }
  expect(pusher?.failure).toMatch(/refused|ECONN/i);
  expect(fs.readdirSync(path.join(folder, 'push'))).toHaveLength(5);
  await receiver.start(port);
  await until('all of them', () => timesOf().length === 5, 60_000);
  expect(timesOf()).toEqual(times);
  await pusher?.settled();
  expect([pusher?.failure, fs.readdirSync(path.join(folder, 'push'))]).toEqual([undefined, []]);
});

test('down over a restart: the next serve sends what waits', async () => {
  const port = await freePort();
  push(`http://127.0.0.1:${port}/api/v1/write`);
  const atMs = round();
  await pusher?.settled();
  await pusher?.close();
  push(await receiver.start(port));
  round();
  await until('what waited', () => timesOf().includes(atMs), 60_000);
});

test('down for more than an hour: the oldest is given up and counted', async () => {
  push(`http://127.0.0.1:${await freePort()}/api/v1/write`);
  round([WEB], now - 2 * 3_600_000);
  await pusher?.settled();
  round();
  await pusher?.settled();
  expect(fs.readdirSync(path.join(folder, 'push'))).toHaveLength(1);
  expect(counted('dropped')).toBeGreaterThan(0);
});

test.each([
  ['429 with Retry-After', { status: 429, headers: { 'retry-after': '1' } }],
  ['500', { status: 500, body: 'no room' }],
  ['503 with a date', { status: 503, headers: { 'retry-after': new Date(0).toUTCString() } }],
  ['a redirect, which is not followed', { status: 302, headers: { location: 'http://127.0.0.1:9/' } }],
])('%s: it is kept and sent again', async (_, answer) => {
  const url = await receiver.start();
  receiver.answers = [answer];
  push(url);
  const atMs = round();
  await until('it', () => timesOf().length === 1, 60_000);
  expect(timesOf()).toEqual([atMs]);
  expect(counted('retried')).toBeGreaterThan(0);
});

test('Retry-After: nothing is sent before that time', async () => {
  const url = await receiver.start();
  receiver.answers = [{ status: 429, headers: { 'retry-after': '200' } }];
  push(url);
  round();
  await pusher?.settled();
  round();
  await pusher?.settled();
  expect([receiver.requests.length, pusher?.failure]).toEqual([1, '429']);
});

test('400, as for samples that are too late or from a wrong clock: given up, counted, and told safely', async () => {
  const url = await receiver.start();
  receiver.answers = [{ status: 400, body: 'out of \u001b[31mbounds\nsecond line' }];
  push(url);
  round();
  await pusher?.settled();
  expect(counted('refused')).toBeGreaterThan(0);
  expect(pusher?.failure).toBe('400 out of \\x1b[31mbounds');
  const atMs = round();
  await pusher?.settled();
  expect(timesOf()).toEqual([atMs]);
});

test('a receiver that hangs: the end does not wait for it', async () => {
  const url = await receiver.start();
  receiver.answers = ['hang'];
  push(url);
  round();
  await until('the request', () => receiver.requests.length === 1);
  await pusher?.close();
  expect(fs.readdirSync(path.join(folder, 'push')).length).toBeGreaterThan(0);
});

test('foreign files beside those that wait stay', async () => {
  const waiting = path.join(folder, 'push');
  fs.mkdirSync(waiting);
  fs.writeFileSync(path.join(waiting, 'notes.txt'), 'mine');
  const port = await freePort();
  push(`http://127.0.0.1:${port}/api/v1/write`);
  round();
  await pusher?.settled();
  await receiver.start(port);
  await until('it', () => timesOf().length === 1, 60_000);
  await pusher?.settled();
  expect(fs.readdirSync(waiting)).toEqual(['notes.txt']);
});

test('more series than one request has: several requests of one time', async () => {
  push(await receiver.start());
  round(Array.from({ length: 2500 }, (_, index) => container(`c${index}`, { sockets: SOCKETS })));
  await pusher?.settled();
  expect(receiver.requests.length).toBeGreaterThan(1);
  expect(receiver.requests.every(({ samples }) => samples.length <= 10_000)).toBe(true);
  expect(new Set(receiver.taken.map(({ atMs }) => atMs)).size).toBe(1);
  expect(receiver.taken.filter(({ series }) => series.includes('socklens_container_sockets'))).toHaveLength(2500);
});
