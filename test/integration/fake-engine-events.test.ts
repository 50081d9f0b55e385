import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dockerRuntimes } from '../../src/runtimes/docker/docker-runtimes.ts';
import type { RuntimeError } from '../../src/runtimes/runtime.ts';
import { LAUNCHER } from '../support/cli.ts';
import { until } from '../support/netns.ts';

let folder: string;
let server: http.Server | net.Server | undefined;
let stopFollowing: () => void = () => {};

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fake-events-'));
});
afterEach(async () => {
  stopFollowing();
  await stop();
  fs.rmSync(folder, { recursive: true });
});

const endpoint = () => `unix://${folder}/engine.sock`;

async function start(made: http.Server | net.Server): Promise<void> {
  server = made;
  await new Promise<void>((resolve) => made.listen(`${folder}/engine.sock`, resolve));
}

/** Closes it with all its connections, like a killed Engine. */
async function stop(): Promise<void> {
  const ending = server;
  server = undefined;
  if (ending === undefined) return;
  const closed = new Promise((resolve) => ending.close(resolve));
  if (ending instanceof http.Server) ending.closeAllConnections();
  await closed;
}

/** Events that a follower received, in order. */
interface Heard {
  changes: number;
  lost: (RuntimeError | undefined)[];
}

function follow(): Heard {
  const heard: Heard = { changes: 0, lost: [] };
  const [runtime] = dockerRuntimes({ DOCKER_HOST: endpoint() }, '/nonexistent');
  if (runtime === undefined) throw new Error('no runtime');
  stopFollowing = runtime.follow({
    changed: () => {
      heard.changes += 1;
    },
    lost: (error) => heard.lost.push(error),
  });
  return heard;
}

/** Answers every question with a stream that stays open. */
function streaming(): { made: http.Server; streams: http.ServerResponse[] } {
  const streams: http.ServerResponse[] = [];
  const made = http.createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    streams.push(response);
  });
  return { made, streams };
}

const answering = (status: number, body: string) =>
  http.createServer((_request, response) => response.writeHead(status).end(body));

describe("an Engine's events", () => {
  test('the open stream and each event are a change', async () => {
    const { made, streams } = streaming();
    await start(made);
    const heard = follow();
    await until('the stream', () => heard.changes === 1);
    streams[0]?.write('{"Type":"container","Action":"start"}\n');
    await until('the event', () => heard.changes === 2);
    expect(heard.lost).toEqual([]);
  });

  test.each([
    [403, '{"message":"events are\\u001b[2J forbidden"}', 'answered with status 403 (events are?[2J forbidden)'],
    [502, '<h1>Bad Gateway</h1>', 'answered with status 502 (<h1>Bad Gateway</h1>)'],
    [500, '{"message":"{\\"Type\\":\\"container\\"}"}', 'answered with status 500 ({"Type":"container"})'],
  ])('status %i is an error with its message, and no event', async (status, body, text) => {
    await start(answering(status, body));
    const heard = follow();
    await until('two attempts', () => heard.lost.length > 1);
    expect(heard.changes).toBe(0);
    expect(heard.lost[0]).toMatchObject({
      name: 'RuntimeError',
      kind: 'nonsense',
      message: expect.stringContaining(text),
    });
  });

  test('an Engine that restarts: its stream is lost, then open again', async () => {
    const first = streaming();
    await start(first.made);
    const heard = follow();
    await until('the stream', () => heard.changes === 1);
    await stop();
    await until('the loss', () => heard.lost.length > 0);
    expect(heard.lost[0]).toBeUndefined();
    await until('an attempt meanwhile', () => heard.lost.length > 1);
    expect(heard.lost[1]).toMatchObject({ kind: 'absent' });
    await start(streaming().made);
    await until('the stream of the new one', () => heard.changes === 2);
  });

  test('an answer that is not HTTP', async () => {
    await start(
      net.createServer((socket) =>
        socket
          .on('error', () => {})
          .resume()
          .end('220 mail.example ESMTP\r\n'),
      ),
    );
    const heard = follow();
    await until('the error', () => heard.lost.length > 0);
    expect(heard.lost[0]).toMatchObject({ kind: 'nonsense', message: expect.stringContaining('it is not HTTP/1') });
    expect(heard.changes).toBe(0);
  });

  test('a socket that does not exist', async () => {
    const heard = follow();
    await until('the error', () => heard.lost.length > 0);
    expect(heard.lost[0]).toMatchObject({ kind: 'absent' });
  });

  test('a certificate that cannot be read', async () => {
    const env = { DOCKER_HOST: 'tcp://localhost:1', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder };
    fs.mkdirSync(`${folder}/ca.pem`);
    const [runtime] = dockerRuntimes(env, '/nonexistent');
    const lost: (RuntimeError | undefined)[] = [];
    const end = runtime?.follow({ changed: () => {}, lost: (error) => lost.push(error) });
    end?.();
    expect(lost[0]).toMatchObject({ kind: 'nonsense', message: expect.stringContaining('ca.pem cannot be read') });
  });

  test('nothing is heard after its end', async () => {
    const { made, streams } = streaming();
    await start(made);
    const heard = follow();
    await until('the stream', () => heard.changes === 1);
    stopFollowing();
    await until('the end on the other side', () => streams[0]?.destroyed === true);
    expect(heard).toEqual({ changes: 1, lost: [] });
  });
});

test('watch: says once that there are no events, with the words of the Engine', async () => {
  await start(
    http.createServer((request, response) => {
      if (request.url?.startsWith('/events')) response.writeHead(403).end('{"message":"events are forbidden here"}');
      else response.writeHead(200).end('[]');
    }),
  );
  const child = spawn(LAUNCHER, ['watch', 'host', '--interval', '500ms', '--ndjson'], {
    env: { ...process.env, DOCKER_HOST: endpoint() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (piece) => {
    text += piece;
  });
  child.stderr.on('data', (piece) => {
    text += piece;
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  // Some of the containers' lists and attempts later it is not said again.
  await until('the note, and ticks after it', () => {
    const [, after] = text.split('no runtime events');
    return (after?.match(/"type":"sample"/g)?.length ?? 0) >= 8;
  });
  child.kill('SIGINT');
  await closed;
  const said = `no runtime events; listing containers every 3 s instead: docker: ${endpoint()} answered with status 403 (events are forbidden here); see the Engine's log`;
  expect(text.split(said)).toHaveLength(2);
}, 240_000);
