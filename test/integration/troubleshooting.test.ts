/** docs/troubleshooting.md quotes what socklens prints: every message is provoked here, and is on the page. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseMarkdown } from '../../src/render/markdown/parse-markdown.ts';
import { socklens } from '../support/cli.ts';
import { type OwnEngine, type RunningContainer, startOwnEngine } from '../support/engine.ts';
import { missingProgram } from '../support/software/program.ts';
import { httpAnswer, startFakeEngine } from './fake-engine.ts';

const PAGE = fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/troubleshooting.md'), 'utf8');

/** A text without what differs between machines. */
const common = (text: string) => text.replace(/unix:\/\/[^\s;:,]+/g, 'unix://SOCKET').replace(/\d+/g, '0');

/** The lines of the page's blocks that socklens prints. */
const quoted = parseMarkdown(PAGE)
  .flatMap((block) => (block.kind === 'code' ? block.lines : []))
  .filter((line) => line.startsWith('socklens: '))
  .map(common);

const seen = new Set<string>();

/** Expects that the first line that matches is on the page. */
function expectQuoted(stderr: string, pattern: RegExp): void {
  const line = stderr.split('\n').find((text) => pattern.test(text));
  expect(line, stderr).toBeDefined();
  expect(quoted).toContain(common(line as string));
  seen.add(common(line as string));
}

/** A container of socklens without --pid=host. */
const OWN_PID_NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
const without = (...capabilities: string[]) => [
  'setpriv',
  '--bounding-set',
  capabilities.map((name) => `-${name}`).join(),
];

const missing = missingProgram('dockerd');
describe.skipIf(missing !== undefined)(`troubleshooting${missing === undefined ? '' : `: ${missing}`}`, () => {
  let engine: OwnEngine;
  let container: RunningContainer;
  beforeAll(async () => {
    engine = await startOwnEngine([]);
    container = await engine.docker.run({ name: 'web-1', script: 'exec /bin/busybox nc -l -p 8080' });
  }, 240_000);
  afterAll(async () => {
    await engine?.docker.removeAll();
    await engine?.stop();
    expect(quoted.filter((line) => !seen.has(line))).toEqual([]);
  });

  /** @param prefix a command that runs socklens with less */
  const run = (args: string[], prefix: string[] = [], env: Record<string, string> = {}) =>
    socklens(args, { DOCKER_HOST: engine.docker.endpoint, CONTAINER_HOST: '', ...env }, [
      ...engine.docker.asMachine,
      ...prefix,
    ]);

  test('ps is empty', () => {
    // A PID namespace hides what else runs here; what it adds to the line is another message.
    const { stderr } = run(['ps'], OWN_PID_NAMESPACE, { DOCKER_HOST: 'unix:///none.sock' });
    const hint = /; socklens runs in a PID namespace of its own; .*/;
    expect(stderr).toMatch(hint);
    expectQuoted(stderr.replace(hint, ' (docs/troubleshooting.md)'), /no container is running; looked for/);
    const doctor = run(['doctor', '--for', '1s'], OWN_PID_NAMESPACE, { DOCKER_HOST: 'unix:///none.sock' });
    expect(doctor.status).toBe(3);
    expectQuoted(doctor.stderr, /no container is running/);
    expectQuoted(run(['ls', 'web-2']).stderr, /no such container/);
  });

  test('not permitted', () => {
    const { stderr } = run(['ps'], NOBODY);
    expectQuoted(stderr, /not root/);
    expectQuoted(stderr, /may not be used by this user/);
    expectQuoted(run(['ls', 'web-1'], without('sys_admin', 'bpf', 'perfmon')).stderr, /setns is not permitted/);
  });

  test('no eBPF', () => {
    const off = { SOCKLENS_BPF: 'off' };
    const drops = run(['events', 'web-1', '--drops', '--for', '1s'], [], off);
    expect(drops.status).toBe(4);
    expectQuoted(drops.stderr, /not reported here: dropped/);
    expectQuoted(run(['events', 'web-1', '--opened', '--for', '1s'], [], off).stderr, /opened and established/);
    expect(run(['ls', 'host', '--json'], [], off).stdout).toMatch(/"owners":\{[^}]*"reason":"/);
  });

  test('the commands that compare with ss list the same sockets', () => {
    const [ours = '', theirs = ''] = (/```sh\n(socklens ls web-1.*)\n(sudo nsenter.*)\n/.exec(PAGE) ?? []).slice(1);
    expect(theirs).toContain('ss -tanH');
    const listed = run(ours.split(' ').slice(1)).stdout.trimEnd().split('\n').slice(1);
    const ss = execFileSync('nsenter', ['-t', String(container.pid), '-n', 'ss', '-tanH'], { encoding: 'utf8' });
    const ports = (lines: string[], column: number) =>
      lines.map((line) => line.split(/\s+/)[column]?.split(':').at(-1)).sort();
    expect(listed).toHaveLength(1);
    expect(ports(listed, 3)).toEqual(ports(ss.trimEnd().split('\n'), 3));
  });

  test('Docker Desktop, and an Engine on another machine', async () => {
    const id = 'a'.repeat(64);
    const answers = {
      '/containers/json': httpAnswer([{ Id: id, Names: ['/web-1'], State: 'running' }]),
      [`/containers/${id}/json`]: httpAnswer(inspected(id)),
      '/containers/web-1/json': httpAnswer(inspected(id)),
    };
    const fake = await startFakeEngine({ ...answers, '*': httpAnswer({ message: 'No such container' }, 404) });
    try {
      const { status, stderr } = run(['ls', 'web-1'], [], { DOCKER_HOST: fake.endpoint });
      expect(status).toBe(5);
      expectQuoted(stderr, /the Engine runs on another machine or in a virtual one/);
    } finally {
      await fake.remove();
    }
    expectQuoted(run(['ls', 'web-1'], [], { DOCKER_HOST: 'ssh://me@far.example' }).stderr, /reached through ssh/);
  });

  test('inside a container', () => {
    const { stderr } = run(['ps'], OWN_PID_NAMESPACE);
    expectQuoted(stderr, /which is not the container's process here: socklens runs in a PID namespace/);
    expectQuoted(stderr, /none of its processes was found/);
    expect(run(['ls', 'all'], OWN_PID_NAMESPACE).stderr).toContain('start it with --pid=host');
  });
});

/** What an Engine in a virtual machine says of a container: a PID of that machine. */
const inspected = (id: string) => ({
  Id: id,
  Name: '/web-1',
  State: { Running: true, Pid: 1, StartedAt: '2020-01-01T00:00:00Z', FinishedAt: '0001-01-01T00:00:00Z' },
  Config: { Labels: null },
});
