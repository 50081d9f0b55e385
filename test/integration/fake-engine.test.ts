import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';
import { connectUnixStream } from '../../src/kernel/unix-stream.ts';
import { dockerEndpoints } from '../../src/runtimes/docker/endpoints.ts';
import { type EngineOptions, EngineRuntime } from '../../src/runtimes/docker/engine-runtime.ts';
import { RuntimeError } from '../../src/runtimes/runtime.ts';
import { nodeProgram, until } from '../support/netns.ts';
import { NO_OTHER_USER, otherUser } from '../support/other-user.ts';
import { type FakeAnswer, type FakeAnswers, type FakeEngine, httpAnswer, startFakeEngine } from './fake-engine.ts';

const ID = '71d919762bb95b397f05e2622ffd2bfdd5c536dfb69a0bdab4557e139678e28a';
const OTHER = '71d919762bb95b397f05e2622ffd2bfdd5c536dfb69a0bdab4557e139678e28b';

/** The smallest answers that say something. */
const listed = (id: string, name: string) => ({ Id: id, Names: [`/${name}`] });
const inspected = (id: string, name: string) => ({
  Id: id,
  Name: `/${name}`,
  State: { Running: true, Pid: 1, StartedAt: '2026-11-24T02:02:51Z', FinishedAt: '0001-01-01T00:00:00Z' },
  Config: { Labels: null },
});
const notFound = httpAnswer({ message: 'No such container' }, 404);

/** "Does not hang": far above the deadlines given here, far below a test's own. */
const SOON_MS = 10_000;

const fakes: FakeEngine[] = [];
afterEach(async () => {
  for (const fake of fakes.splice(0)) await fake.remove();
});

/** The error of listing the containers of a runtime at this endpoint. */
async function failure(endpoint: string, options: EngineOptions): Promise<RuntimeError> {
  const error = await runtimeAt(endpoint, options)
    .list()
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  if (!(error instanceof RuntimeError)) throw new Error(`no RuntimeError but ${error}`);
  expect(error.message).not.toMatch(/[^ -~]/);
  expect(error.message.length).toBeLessThan(600);
  return error;
}

function runtimeAt(endpoint: string, options: EngineOptions): EngineRuntime {
  const [docker] = dockerEndpoints({ DOCKER_HOST: endpoint }, '/nonexistent');
  if (docker === undefined) throw new Error('no endpoint');
  return new EngineRuntime(docker, options);
}

const BLOCKING: EngineOptions = {
  connectUnix: (file, timeoutMs) => connectUnixStream(koffiSystemCalls(), file, timeoutMs),
};

const WAYS: [way: string, options: EngineOptions][] = [
  ["Node's HTTP client", {}],
  ["Node's HTTP client, for want of foreign calls", { connectUnix: () => undefined }],
  ['a blocking socket', BLOCKING],
];

describe.each(WAYS)('an Engine asked by %s', (_, way) => {
  /** A fake Engine and a runtime that asks it. */
  async function fake(answers: FakeAnswers, options: EngineOptions = {}) {
    const engine = await startFakeEngine(answers);
    fakes.push(engine);
    return { engine, runtime: runtimeAt(engine.endpoint, { ...way, ...options }) };
  }

  /** Why a runtime cannot use this answer to the list. */
  async function rejected(answer: FakeAnswer, options: EngineOptions = {}): Promise<RuntimeError> {
    const { engine } = await fake({ '*': answer });
    return failure(engine.endpoint, { ...way, ...options });
  }

  test('a socket that does not exist', async () => {
    const error = await failure('unix:///nonexistent/docker.sock', way);
    expect(error).toMatchObject({ kind: 'absent', endpoint: 'unix:///nonexistent/docker.sock' });
    expect(error.message).toBe('docker: unix:///nonexistent/docker.sock does not exist; is the Engine running?');
  });

  test('a socket without a listener', async () => {
    const { engine } = await fake({});
    await engine.kill();
    const error = await failure(engine.endpoint, way);
    expect(error.kind).toBe('absent');
    expect(error.message).toContain('refuses the connection');
  });

  test('a file that is no socket', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'no-socket-'));
    fs.writeFileSync(`${folder}/file`, '');
    expect((await failure(`unix://${folder}/file`, way)).kind).toBe('absent');
    expect((await failure(`unix://${folder}/file/below`, way)).kind).toBe('absent');
    fs.rmSync(folder, { recursive: true });
  });

  test('a path that is too long for a socket', async () => {
    expect((await failure(`unix:///${'x'.repeat(200)}`, way)).kind).toBe('absent');
  });

  test('silence', async () => {
    const started = Date.now();
    const error = await rejected({ pieces: [], afterwards: 'hang' }, { deadlineMs: 200 });
    expect(error.kind).toBe('silent');
    expect(error.message).toContain('did not answer within 0.2 s');
    expect(Date.now() - started).toBeLessThan(SOON_MS);
  });

  test('half a header, then silence', async () => {
    const error = await rejected({ pieces: ['HTTP/1.1 200 OK\r\nServ'], afterwards: 'hang' }, { deadlineMs: 200 });
    expect(error.kind).toBe('silent');
  });

  test('a byte now and again does not renew the deadline', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n';
    const started = Date.now();
    expect((await rejected({ pieces: [head], afterwards: 'drip' }, { deadlineMs: 300 })).kind).toBe('silent');
    expect(Date.now() - started).toBeLessThan(SOON_MS);
  });

  test.each<[what: string, answer: FakeAnswer, why: string]>([
    ['nothing, and the end', { pieces: [], afterwards: 'close' }, 'ended before its header was complete'],
    [
      'half a header, and the end',
      { pieces: ['HTTP/1.1 200'], afterwards: 'close' },
      'ended before its header was complete',
    ],
    [
      'half a body, and the end',
      { pieces: ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{"Id"'], afterwards: 'reset' },
      'unfinished body',
    ],
    [
      'half a body of no declared length, and the end',
      { pieces: ['HTTP/1.0 200 OK\r\n\r\n[{"Id"'], afterwards: 'close' },
      'its body is cut off or not JSON',
    ],
    ['another protocol', { pieces: ['220 mail.example ESMTP\u001b[2J\r\n'], afterwards: 'hang' }, 'not HTTP'],
    ['HTML', httpAnswer('<html><body>It works!</body></html>'), 'not JSON'],
    ['an empty body', httpAnswer(''), 'not JSON'],
    ['JSON that is no list', httpAnswer({ containers: [] }), 'should be an array and is an object'],
    ['JSON of wrong types', httpAnswer([{ Id: 7 }]), '[0].Id should be a string and is 7'],
    ['ids that would be paths', httpAnswer([listed('../../x', 'a')]), '[0].Id should be 64 hexadecimal digits'],
    ['a failure', httpAnswer({ message: 'disk\u001b[31m full' }, 500), 'answered with status 500 (disk?[31m full)'],
    ['a failure in HTML', httpAnswer('<h1>Bad Gateway</h1>', 502), 'answered with status 502 (<h1>Bad Gateway</h1>)'],
    [
      "a proxy's refusal",
      httpAnswer('<h1>403 Forbidden</h1>', 403),
      'answered with status 403 (<h1>403 Forbidden</h1>)',
    ],
    [
      'an unknown version of the API',
      httpAnswer({ message: 'client is too old' }, 400),
      'status 400 (client is too old)',
    ],
    ['a redirection', httpAnswer('', 301), 'answered with status 301'],
    ['a very deep list', httpAnswer('['.repeat(100_000) + ']'.repeat(100_000)), '[0] should be an object'],
  ])('%s', async (_what, answer, why) => {
    const error = await rejected(answer);
    expect(error.kind).toBe('nonsense');
    expect(error.message).toContain(why);
  });

  test('a body without an end', async () => {
    const pieces = ['HTTP/1.1 200 OK\r\n\r\n', ...Array<string>(64).fill('x'.repeat(100_000))];
    const error = await rejected({ pieces, afterwards: 'hang' }, { limits: { header: 1000, body: 1_000_000 } });
    expect(error.message).toContain('longer than 1000000 bytes');
  });

  test('a large list', async () => {
    const ids = Array.from({ length: 5000 }, (_unused, index) => index.toString(16).padStart(64, '0'));
    const { runtime } = await fake({
      '*': httpAnswer(ids.map((id) => ({ ...listed(id, id), Labels: { x: 'y'.repeat(500) } }))),
    });
    expect((await runtime.list()).map(({ id }) => id)).toEqual(ids);
  });

  test('names with escape codes and beyond ASCII come through as they are', async () => {
    const { runtime } = await fake({ '*': httpAnswer([listed(ID, '\u001b]0;x\u0007größe')]) });
    expect((await runtime.list())[0]?.name).toBe('\u001b]0;x\u0007größe');
  });

  test('Podman is known by its answer', async () => {
    const podman = httpAnswer([listed(ID, 'web')], 200, 'Libpod-Api-Version: 4.3.1\r\nServer: Libpod/4.3.1 (linux)');
    const { runtime } = await fake({ '*': podman });
    expect(runtime.name).toBe('docker');
    expect((await runtime.list())[0]?.runtime).toBe('podman');
    expect(runtime.name).toBe('podman');
  });

  test('a name that is none is not asked for', async () => {
    const { runtime, engine } = await fake({ '*': httpAnswer('unexpected', 500) });
    for (const name of [
      '',
      '.',
      '..',
      '../info',
      'a/b',
      'a b',
      '-x',
      'a?all=1',
      'x\r\nHost: y',
      '\u001b[2J',
      'ü',
      '/',
    ]) {
      expect(await runtime.find(name)).toEqual([]);
    }
    // The next question shows that none came before it.
    await expect(runtime.list()).rejects.toThrow('status 500');
    await until('the question', () => engine.asked.length > 0);
    expect(engine.asked).toEqual(['/containers/json']);
  });

  test('a name that is no prefix costs one question', async () => {
    const { runtime, engine } = await fake({ '*': notFound });
    expect(await runtime.find('web-1')).toEqual([]);
    await expect(runtime.list()).rejects.toThrow('status 404');
    await until('both questions', () => engine.asked.length > 1);
    expect(engine.asked).toEqual(['/containers/web-1/json', '/containers/json']);
  });

  test('an exact name wins, with the slash that inspect shows too', async () => {
    const { runtime } = await fake({ '/containers/71d9/json': httpAnswer(inspected(OTHER, '71d9')) });
    for (const name of ['71d9', '/71d9']) {
      expect((await runtime.find(name)).map(({ id, name: found }) => [id, found])).toEqual([[OTHER, '71d9']]);
    }
  });

  test.each([
    [404, ''],
    [400, ''],
    [500, 'Server: Docker/20.10.24 (linux)'],
    [500, 'Server: Libpod/4.3.1 (linux)'],
  ])('a prefix of several ids gives them all, where it is status %s', async (status, headers) => {
    const server = headers || 'Server: Docker/20.10.24 (linux)';
    const { runtime } = await fake({
      '/containers/71d9/json': httpAnswer({ message: 'multiple IDs found' }, status, server),
      '/containers/json?all=1': httpAnswer(
        [listed(ID, 'a'), listed(OTHER, 'b'), listed('0'.repeat(64), 'c')],
        200,
        server,
      ),
      [`/containers/${ID}/json`]: httpAnswer(inspected(ID, 'a'), 200, server),
      [`/containers/${OTHER}/json`]: httpAnswer(inspected(OTHER, 'b'), 200, server),
    });
    expect((await runtime.find('71d9')).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('an error that resembles an ambiguous prefix is still reported', async () => {
    const { runtime } = await fake({
      '/containers/json?all=1': httpAnswer([]),
      '*': httpAnswer({ message: 'disk full' }, 500),
    });
    await expect(runtime.find('71d9')).rejects.toThrow('answered with status 500 (disk full)');
    await expect(runtime.find('web')).rejects.toThrow('answered with status 500 (disk full)');
  });

  test('one of them that vanishes meanwhile is left out', async () => {
    const { runtime } = await fake({
      '/containers/json?all=1': httpAnswer([listed(ID, 'a'), listed(OTHER, 'b')]),
      [`/containers/${OTHER}/json`]: httpAnswer(inspected(OTHER, 'b')),
      '*': notFound,
    });
    expect((await runtime.find('71d9')).map(({ name }) => name)).toEqual(['b']);
  });

  test.each([
    ['ssh://me@far.example', 'elsewhere', 'ssh://me@far.example (DOCKER_HOST) is reached through ssh'],
    ['tcp://203.0.113.9:2375', 'elsewhere', 'is not an address of this machine; run socklens there'],
    ['npipe:////./pipe/docker', 'nonsense', 'exists on Windows only; correct that setting'],
    ['gopher://\u001b[2J', 'nonsense', 'gopher://?[2J (DOCKER_HOST) is not a supported kind of address'],
  ])('%s', async (endpoint, kind, text) => {
    const error = await failure(endpoint, way);
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(text);
  });
});

describe('chunks in small pieces', () => {
  const body = JSON.stringify([listed(ID, 'web')]);
  const half = body.length >> 1;
  const chunk = (text: string) => [`${text.length.toString(16)}`, '\r', '\n', text.slice(0, 3), text.slice(3), '\r\n'];
  const answer: FakeAnswer = {
    pieces: [
      'HTTP/1.1 200 OK\r\nTransfer-Enc',
      'oding: chunked\r\n\r',
      '\n',
      ...chunk(body.slice(0, half)),
      ...chunk(body.slice(half)),
      '0\r\n',
      '\r\n',
    ],
    afterwards: 'hang',
  };

  test("are put together by Node's client", async () => {
    const engine = await startFakeEngine({ '/containers/json': answer });
    fakes.push(engine);
    expect((await runtimeAt(engine.endpoint, {}).list()).map(({ id, name }) => [id, name])).toEqual([[ID, 'web']]);
  });

  test('are no answer to the HTTP/1.0 of the blocking way', async () => {
    const engine = await startFakeEngine({ '/containers/json': answer });
    fakes.push(engine);
    const error = await failure(engine.endpoint, BLOCKING);
    expect(error).toMatchObject({ kind: 'nonsense' });
    expect(error.message).toContain('a transfer coding, which HTTP/1.0 rules out: "chunked"');
  });
});

const user = otherUser();

test.skipIf(user === undefined)(`a socket that this user may not use (skipped where ${NO_OTHER_USER})`, async () => {
  const engine = await startFakeEngine({ '*': httpAnswer([]) });
  fakes.push(engine);
  fs.chmodSync(path.dirname(engine.socket), 0o755);
  fs.chmodSync(engine.socket, 0o600);
  const script = path.join(import.meta.dirname, 'fake-engine-asker-main.ts');
  const args = ['--disable-warning=ExperimentalWarning', script, engine.endpoint];
  for (const way of ['node', 'blocking']) {
    const { stdout, stderr } = spawnSync(nodeProgram(), [...args, way], { uid: user, gid: user, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toBe(
      `denied: docker: ${engine.endpoint} may not be used by this user (EACCES); run as root, or join the socket's group\n`,
    );
  }
});

test('ps asks without loading node:http, which would double the time of the question', async () => {
  const engine = await startFakeEngine({ '*': httpAnswer([]) });
  fakes.push(engine);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'loaded-modules-'));
  const hook = `${folder}/hook.cjs`;
  const report = `${folder}/loaded.json`;
  const list = 'JSON.stringify(process.moduleLoadList)';
  fs.writeFileSync(hook, `process.on('exit', () => require('fs').writeFileSync(process.env.LOADED, ${list}))`);
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const main = path.resolve(import.meta.dirname, '../../dist/cli/main.cjs');
  const { status } = spawnSync(nodeProgram(), ['--require', hook, main, 'ps'], {
    env: { ...env, DOCKER_HOST: engine.endpoint, LOADED: report },
  });
  expect(status).toBe(0);
  await until('the question', () => engine.asked.includes('/containers/json'));
  const loaded = JSON.parse(fs.readFileSync(report, 'utf8')) as string[];
  fs.rmSync(folder, { recursive: true });
  expect(loaded.filter((name) => /NativeModule (_?http|_?tls|https)/.test(name))).toEqual([]);
});
