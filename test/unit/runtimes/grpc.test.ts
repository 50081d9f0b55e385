import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { GRPC_LIMITS, GrpcConnection, type GrpcLimits } from '../../../src/runtimes/containerd/grpc.ts';
import {
  type Answer,
  bytes,
  framed,
  type GrpcServer,
  grpcServer,
  messages,
  status,
} from '../../support/runtimes/grpc-server.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function serverOf(answer: Answer): Promise<GrpcServer> {
  const server = await grpcServer({ Ask: answer });
  open.push(server);
  return server;
}

function connect(socket: string, limits: Partial<GrpcLimits> = {}): GrpcConnection {
  const connection = new GrpcConnection(socket, { ...GRPC_LIMITS, ...limits });
  open.push(connection);
  return connection;
}

async function ask(answer: Answer, limits?: Partial<GrpcLimits>): Promise<string> {
  const { socket } = await serverOf(answer);
  return Buffer.from(await connect(socket, limits).call('/test.Service/Ask', Buffer.from('question'))).toString();
}

test('a call sends the message and metadata, and returns the answer', async () => {
  let seen: unknown;
  const answer = await ask((stream, request, headers) => {
    seen = { request: request.toString(), type: headers['content-type'], te: headers.te, path: headers[':path'] };
    messages(Buffer.from('answer'))(stream, request, headers);
  });
  expect(answer).toBe('answer');
  expect(seen).toEqual({ request: 'question', type: 'application/grpc', te: 'trailers', path: '/test.Service/Ask' });
});

test('an empty answer is an answer', async () => {
  expect(await ask(messages(new Uint8Array()))).toBe('');
});

test('an answer of a megabyte arrives whole', async () => {
  const large = 'x'.repeat(1 << 20);
  expect(await ask(messages(Buffer.from(large)))).toBe(large);
});

test('an answer in single bytes arrives whole', async () => {
  const answer = await ask((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    for (const byte of framed(Buffer.from('answer'))) stream.write(Buffer.of(byte));
    stream.end();
  });
  expect(answer).toBe('answer');
});

test('calls run side by side on one connection', async () => {
  const waiting: (() => void)[] = [];
  const server = await serverOf((stream, request, headers) => {
    waiting.push(() => messages(request)(stream, request, headers));
    // The last question is answered first.
    if (waiting.length === 40) for (const answer of waiting.reverse()) answer();
  });
  const connection = connect(server.socket);
  const numbers = Array.from({ length: 40 }, (_, index) => String(index));
  const answers = await Promise.all(numbers.map((number) => connection.call('/test.Service/Ask', Buffer.from(number))));
  expect(answers.map((answer) => Buffer.from(answer).toString())).toEqual(numbers);
  expect(server.connections()).toBe(1);
});

test('a status other than 0 is an error with its text', async () => {
  await expect(ask(status(5, 'größe: not found'))).rejects.toMatchObject({
    name: 'GrpcStatusError',
    status: 5,
    message: 'größe: not found',
  });
  await expect(ask(bytes(framed(Buffer.from('part')), { 'grpc-status': '13' }))).rejects.toMatchObject({ status: 13 });
});

test.each<[string, Answer, RegExp]>([
  ['no message', bytes(new Uint8Array()), /no message/],
  ['two messages', messages(Buffer.from('a'), Buffer.from('b')), /second message/],
  ['a message cut off', bytes(framed(Buffer.from('abc'), 10)), /cut off/],
  ['a prefix cut off', bytes(Buffer.of(0, 0)), /cut off|no message/],
  ['a compressed message', bytes(Buffer.concat([Buffer.of(1, 0, 0, 0, 1), Buffer.of(0)])), /compressed/],
  ['no status', bytes(framed(Buffer.from('abc')), {}), /cut off/],
  ['a status that is not a number', bytes(framed(Buffer.from('abc')), { 'grpc-status': '0x' }), /status/],
  ['a length of 4 GB', bytes(Buffer.of(0, 0xff, 0xff, 0xff, 0xff)), /4294967295 bytes/],
  ['an HTTP status', (stream) => stream.respond({ ':status': 404 }, { endStream: true }), /HTTP status is 404/],
  [
    'a web page',
    (stream) => stream.respond({ ':status': 200, 'content-type': 'text/html' }, { endStream: true }),
    /content/,
  ],
  ['RST_STREAM before the answer', (stream) => stream.close(2), /RST_STREAM 2|cut off/],
  [
    'RST_STREAM in the middle',
    (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.write(framed(Buffer.from('abc'), 10), () => stream.close(8));
    },
    /RST_STREAM 8|cut off/,
  ],
  ['GOAWAY in the middle', (stream) => stream.session?.goaway(11, 0), /GOAWAY 11/],
  [
    'a connection that breaks',
    (stream) => stream.session?.destroy(),
    /closed the connection|GOAWAY|broke the answer off/,
  ],
])('%s is an error', async (_, answer, message) => {
  const result = ask(answer);
  await expect(result).rejects.toThrow(message);
  await expect(result).rejects.toMatchObject({ name: 'GrpcError' });
});

test('GOAWAY lets a call that was accepted go on, and refuses further ones', async () => {
  const server = await serverOf((stream, request, headers) => {
    stream.session?.goaway(0, stream.id);
    setImmediate(() => messages(request)(stream, request, headers));
  });
  const connection = connect(server.socket);
  expect(Buffer.from(await connection.call('/test.Service/Ask', Buffer.from('a'))).toString()).toBe('a');
  await expect(connection.call('/test.Service/Ask', Buffer.from('b'))).rejects.toThrow(/GOAWAY/);
});

test.each<[string, Answer]>([
  ['never answers', () => {}],
  [
    'never ends',
    (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      const timer = setInterval(() => stream.write(Buffer.of()), 5);
      stream.on('close', () => clearInterval(timer));
    },
  ],
])('a server that %s is given up at the deadline', async (_, answer) => {
  await expect(ask(answer, { deadlineMs: 100 })).rejects.toMatchObject({ name: 'GrpcDeadlineError' });
});

test('a server that takes the connection and says nothing is given up at the deadline', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-grpc-'));
  const server = net.createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => {
    server.listen(`${folder}/socket`, resolve);
  });
  const call = connect(`${folder}/socket`, { deadlineMs: 100 }).call('/test.Service/Ask', new Uint8Array());
  await expect(call).rejects.toMatchObject({ name: 'GrpcDeadlineError' });
  server.close();
  fs.rmSync(folder, { recursive: true });
});

test.each([
  ['HTTP/1', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'],
  ['noise', '\0\0\0'.repeat(1000)],
])('a server of %s is an error', async (_, text) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-grpc-'));
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.end(text);
  });
  await new Promise<void>((resolve) => {
    server.listen(`${folder}/socket`, resolve);
  });
  await expect(connect(`${folder}/socket`).call('/test.Service/Ask', new Uint8Array())).rejects.toThrow();
  server.close();
  fs.rmSync(folder, { recursive: true });
});

test('a socket that does not exist, and one without a server, are errors with their errno', async () => {
  await expect(connect('/nonexistent/socket').call('/x/y', new Uint8Array())).rejects.toMatchObject({ code: 'ENOENT' });
  const { socket } = await serverOf(() => {});
  fs.writeFileSync(`${socket}.file`, '');
  await expect(connect(`${socket}.file`).call('/x/y', new Uint8Array())).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});

test('a stream tells its messages as they come, and its end', async () => {
  const told: string[] = [];
  const server = await serverOf((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.write(framed(Buffer.from('one')));
    setTimeout(() => stream.end(framed(Buffer.from('two'))), 2300);
  });
  const error = await new Promise<Error | undefined>((resolve) => {
    // The deadline is for the opening only, for which a busy machine may need more than a moment.
    connect(server.socket, { deadlineMs: 2000 }).stream('/test.Service/Ask', new Uint8Array(), {
      opened: () => told.push('opened'),
      message: (message) => told.push(Buffer.from(message).toString()),
      ended: resolve,
    });
  });
  expect(told).toEqual(['opened', 'one', 'two']);
  expect(error).toBeUndefined();
});

test('closing the connection ends its calls', async () => {
  const { socket } = await serverOf(() => {});
  const connection = connect(socket);
  const call = connection.call('/test.Service/Ask', new Uint8Array());
  connection.close();
  await expect(call).rejects.toThrow('the connection was closed');
});
