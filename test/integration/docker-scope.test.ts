/** What a container means as TARGET where others share its network namespace, with a real Engine. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { socklens } from '../support/cli.ts';
import { type RunningContainer, type TestEngine, testEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';
import { nodeContainer } from '../support/recipes/node-container.ts';
import type { ParityPlan } from '../support/recipes/parity.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../support/recipes/parity-main.ts');

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: a container that shares its namespace', () => describeScope(engine));

const NONE = { established: 0, closeWait: 0, serverTimeWait: 0, clientTimeWait: 0, udp: 0, unix: 0 };

interface Socket {
  proto: string;
  state: string;
  inode: number;
  cookie?: string;
  container?: string;
  attribution?: string;
  local: { port: number };
  processes: { pid: number; name: string }[];
}

function describeScope(docker: TestEngine): void {
  const env = { DOCKER_HOST: docker.endpoint };
  let web: RunningContainer;
  let sidecar: RunningContainer;

  const cli = (...args: string[]) => socklens(args, env, docker.asMachine);
  const json = <T>(...args: string[]): T => JSON.parse(Buffer.from(cli(...args, '--json').stdout, 'latin1').toString());
  const established = ({ pid }: RunningContainer, port: number) =>
    execFileSync('nsenter', ['-t', String(pid), '-n', 'ss', '-tanH', 'state', 'established', `sport = :${port}`], {
      encoding: 'utf8',
    })
      .split('\n')
      .filter((line) => line !== '').length;

  async function start(plan: ParityPlan, options: { network?: string; name?: string } = {}): Promise<RunningContainer> {
    const container = await docker.run({ ...nodeContainer(PROGRAM, plan), ...options });
    const { name, pid } = container;
    await until(`${name} to be ready`, () => fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'ready');
    return container;
  }

  beforeAll(async () => {
    const prefix = docker.uniqueName('scope');
    web = await start({ ...NONE, port: 7001, established: 3, closeWait: 4 }, { name: `${prefix}-web` });
    sidecar = await start(
      { ...NONE, port: 7002, established: 2 },
      { name: `${prefix}-sidecar`, network: `container:${web.name}` },
    );
  });
  afterAll(() => docker.removeAll());

  test('ls a,b: a socket once, with its container and how it was found', () => {
    const { sockets, target } = json<{ sockets: Socket[]; target: { name: string } }>(
      'ls',
      web.name,
      sidecar.name,
      '-t',
    );
    expect(target.name).toBe(`${web.name},${sidecar.name}`);
    const cookies = sockets.map(({ cookie }) => cookie);
    expect(new Set(cookies).size).toBe(cookies.length);
    const of = (name: string) => sockets.filter(({ container }) => container === name);
    // Two ends of each connection, and the listener.
    expect([of(web.name).length, of(sidecar.name).length]).toEqual([2 * (3 + 4) + 1, 2 * 2 + 1]);
    expect(new Set(sockets.map(({ attribution }) => attribution))).toEqual(new Set(['process']));
  });

  test('ls: --netns widens a container to its namespace; pid:N means its container', () => {
    const count = (...args: string[]) => json<{ sockets: Socket[] }>('ls', ...args, '-t').sockets.length;
    expect([count(sidecar.name), count(`pid:${sidecar.pid}`)]).toEqual([5, 5]);
    expect(count(sidecar.name, '--netns')).toBe(20);
  });

  test('a glob means every container whose name matches', () => {
    const common = web.name.slice(0, -'web'.length);
    expect(json<{ target: { name: string } }>('ls', `${common}*`).target.name.split(',').sort()).toEqual([
      sidecar.name,
      web.name,
    ]);
    expect(json<{ target: { name: string } }>('ls', `${common}w?b`).target.name).toBe(web.name);
    expect(cli('ls', `${common}x*`)).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/no running container has a name like this/),
    });
  });

  test('netstat takes one namespace, and prints all of it', async () => {
    const other = await docker.run();
    const { status, stderr } = cli('netstat', `${web.name},${other.name}`, '-tan');
    expect(status).toBe(2);
    expect(stderr).toContain(`netstat prints one network namespace; ${web.name} and ${other.name} are in two`);
    const { stdout } = cli('netstat', `${web.name},${sidecar.name}`, '-tan');
    expect(stdout.split('\n').filter((line) => line.startsWith('tcp'))).toHaveLength(20);
  });

  test('limits --set: only processes of the container', () => {
    const softLimit = ({ pid }: RunningContainer) =>
      /^Max open files\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1];
    const before = softLimit(web);
    expect(cli('limits', sidecar.name, '--set', 'nofile=777', '--yes').status).toBe(0);
    expect([softLimit(sidecar), softLimit(web)]).toEqual(['777', before]);
  });

  test('kill: closes those of the container, and says which descriptors stay open', () => {
    // Stopped, it cannot notice and close them.
    process.kill(sidecar.pid, 'SIGSTOP');
    const { status, stdout } = cli('kill', sidecar.name, 'state established', '--yes');
    process.kill(sidecar.pid, 'SIGCONT');
    expect(status).toBe(0);
    expect([established(sidecar, 7002), established(web, 7001)]).toEqual([0, 3]);
    // The reset of one end closes the other.
    expect(stdout).toMatch(/2 closed, 2 already closed, 0 refused|4 closed, 0 already/);
    expect(stdout).toContain(`\n4 descriptors refer to them, in ${sidecar.pid}/ready: closing a socket from outside`);
    expect(stdout).toContain(`\n4 descriptors refer to them still, in ${sidecar.pid}/ready: closing a socket`);
    const closing = json<{ descriptors: { before: number; after?: number } }>(
      'kill',
      web.name,
      'state close-wait',
      '--dry-run',
    );
    expect(closing.descriptors).toEqual({ before: 4 });
  });

  test("kill: on the host's network those of the container alone", async () => {
    const onHost = await start({ ...NONE, port: 7201, established: 2 }, { network: 'host' });
    const neighbour = await start({ ...NONE, port: 7202, established: 2 }, { network: 'host' });
    expect(cli('kill', onHost.name, 'state established', '--yes').status).toBe(0);
    expect([established(onHost, 7201), established(neighbour, 7202)]).toEqual([0, 2]);
  });

  test("a container alone: the Engine's DNS listeners are the container's, held by the Engine", async () => {
    const alone = await docker.run({ network: await docker.createNetwork() });
    await until('the listener of the DNS', () =>
      fs.readFileSync(`/proc/${alone.pid}/net/tcp`, 'utf8').includes('0B00007F:'),
    );
    const { sockets } = json<{ sockets: Socket[] }>('ls', alone.name, '-tu');
    expect(sockets.length).toBeGreaterThan(0);
    expect(new Set(sockets.flatMap(({ processes }) => processes.map(({ name }) => name)))).toEqual(
      new Set(['dockerd']),
    );
  });
}
