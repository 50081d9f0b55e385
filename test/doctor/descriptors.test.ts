/** The rules about descriptors and processes on processes that really run out of them. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { heldPass } from '../../src/collect/owners/owner-pass.ts';
import { diagnose, prove } from '../support/doctor.ts';
import { type RunningContainer, type RunOptions, testEngine } from '../support/engine.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { AF, OPT, SOCK } from '../support/recipes/constants.ts';
import { V4 } from '../support/recipes/recipe-context.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const made: { remove(): void }[] = [];
afterEach(() => {
  for (const each of made.splice(0)) each.remove();
});

async function context(): Promise<{ netns: TestNetns; workshop: Workshop }> {
  const netns = createNetns();
  made.push(netns);
  return { netns, workshop: await Workshop.start(netns) };
}

/** Sets the limit of open files of a running process. */
function limit(pid: number, value: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${value}`]);
}

function descriptorsOf(pid: number): number {
  return fs.readdirSync(`/proc/${pid}/fd`).length;
}

async function open(workshop: Workshop, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await workshop.socket(AF.UNIX, SOCK.STREAM);
}

/** Opens sockets until the process has no descriptor left. */
async function fill(workshop: Workshop): Promise<void> {
  for (;;) {
    try {
      await workshop.socket(AF.UNIX, SOCK.STREAM);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EMFILE') return;
      throw error;
    }
  }
}

interface SocketDump {
  forTime?: string;
  set?: readonly string[];
  env?: Record<string, string>;
}

async function findings(target: string, rule: string, { forTime = '3s', set = [], env = {} }: SocketDump = {}) {
  const options = { rules: [rule], for: forTime, interval: '500ms', set: set.map((each) => `${rule}.${each}`), env };
  return (await diagnose(target, options)).findings;
}

prove({
  rule: 'NOFILE_NEAR_LIMIT',
  how: 'namespace: a process with 5 descriptors left of its soft limit',
  lookAlike: 'as many descriptors under a limit with room',
  async fault() {
    const { netns, workshop } = await context();
    await open(workshop, 100);
    limit(workshop.pid, `${descriptorsOf(workshop.pid) + 5}:4096`);
    return findings(`netns:${netns.name}`, 'NOFILE_NEAR_LIMIT', { forTime: '1s' });
  },
  check: ({ severity }) => expect(severity).toBe('critical'),
  async healthy() {
    const { netns, workshop } = await context();
    await open(workshop, 100);
    limit(workshop.pid, '1024:4096');
    return findings(`netns:${netns.name}`, 'NOFILE_NEAR_LIMIT', { forTime: '1s' });
  },
});

describe('the forecast of NOFILE_NEAR_LIMIT', () => {
  const windows = ['forecastWindowMs=3s', 'forecastHorizonMs=5m'];

  test('pipes that become more and more reach the limit soon', async () => {
    const { netns, workshop } = await context();
    const pid = await leaking(netns, 20, 10_000);
    limit(pid, '4096:4096');
    const found = await findings(`netns:${netns.name}`, 'NOFILE_NEAR_LIMIT', { forTime: '4s', set: windows });
    expect(found).toMatchObject([{ severity: 'warning', scope: { pid } }]);
    const pace = found[0]?.evidence.find(({ what }) => what === 'growth')?.value;
    // Two descriptors a pipe, twenty pipes a second.
    expect(Number(pace)).toBeGreaterThan(1200);
    expect(Number(pace)).toBeLessThan(4800);
    await workshop.stop();
  });

  test('a pool that is full by now does not', async () => {
    const { netns } = await context();
    const pid = await leaking(netns, 1000, 100);
    limit(pid, '4096:4096');
    await until('the cap', () => descriptorsOf(pid) > 200);
    const found = await findings(`netns:${netns.name}`, 'NOFILE_NEAR_LIMIT', { forTime: '4s', set: windows });
    expect(found).toEqual([]);
  });
});

/** Starts a process that opens pipes at a rate and does not close them. @returns its PID */
async function leaking(netns: TestNetns, rate: number, most: number): Promise<number> {
  const script = path.join(import.meta.dirname, '../support/recipes/leak-main.ts');
  const child = netns.spawnNode(script, [String(rate), String(most)], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null || child.pid === undefined) throw new Error('it did not start');
  await once(child.stdout, 'data');
  return child.pid;
}

prove({
  rule: 'NOFILE_ACCEPT_STARVED',
  how: 'namespace: a server without a descriptor left, and clients that connect',
  lookAlike: 'a server that has descriptors and does not accept',
  async fault() {
    const { netns, workshop } = await context();
    const listener = await workshop.tcpListener(V4);
    limit(workshop.pid, `${descriptorsOf(workshop.pid) + 20}:4096`);
    await fill(workshop);
    await connectOnce(netns, listener.port);
    return findings(`netns:${netns.name}`, 'NOFILE_ACCEPT_STARVED');
  },
  async healthy() {
    const { netns, workshop } = await context();
    const listener = await workshop.tcpListener(V4);
    await connectOnce(netns, listener.port);
    return findings(`netns:${netns.name}`, 'NOFILE_ACCEPT_STARVED');
  },
});

/** Three clients of another process connect. */
async function connectOnce(netns: TestNetns, port: number): Promise<void> {
  const clients = await Workshop.start(netns);
  for (let index = 0; index < 3; index++) {
    await clients.connect(await clients.socket(AF.INET, SOCK.STREAM), { host: V4, port });
  }
}

prove({
  rule: 'FD_LEAK_BY_TYPE',
  how: 'namespace: a process that opens pipes and keeps them; 8 s instead of 10 min',
  lookAlike: 'a process that opens pipes up to a cap',
  async fault() {
    const { netns } = await context();
    await leaking(netns, 20, 10_000);
    return findings(`netns:${netns.name}`, 'FD_LEAK_BY_TYPE', { forTime: '11s', set: ['windowMs=8s'] });
  },
  check: ({ summary }) => expect(summary).toContain('more pipes'),
  async healthy() {
    const { netns } = await context();
    const pid = await leaking(netns, 100, 200);
    await until('some', () => descriptorsOf(pid) > 100);
    return findings(`netns:${netns.name}`, 'FD_LEAK_BY_TYPE', { forTime: '11s', set: ['windowMs=8s'] });
  },
});

/** 30 connections that one end resets; the other end does not close its descriptors. */
async function resetConnections(workshop: Workshop): Promise<void> {
  const listener = await workshop.tcpListener(V4);
  for (let index = 0; index < 30; index++) {
    const { client } = await workshop.tcpPair(listener);
    await workshop.setsockopt(client, OPT.SOL_SOCKET, OPT.SO_LINGER, 1, 0);
    await workshop.close(client);
  }
}

prove({
  rule: 'ZOMBIE_SOCKET_FDS',
  how: 'namespace: clients reset their connections, the server keeps the descriptors',
  lookAlike: 'as many netlink sockets, which no table of ss shows by default',
  async fault() {
    const { netns, workshop } = await context();
    await resetConnections(workshop);
    // Reading all namespaces takes a while when other tests have a hundred.
    return findings(`netns:${netns.name}`, 'ZOMBIE_SOCKET_FDS', { forTime: '12s' });
  },
  check({ evidence }) {
    expect(String(evidence[0]?.value)).toMatch(/\b30$/);
    if (typeof heldPass(localMachine({})) === 'string') return;
    expect(evidence[1]).toMatchObject({ what: 'of these, whose peer was 127.0.0.1', value: 30 });
  },
  async healthy() {
    const { netns, workshop } = await context();
    for (let index = 0; index < 30; index++) await workshop.socket(AF.NETLINK, SOCK.RAW);
    return findings(`netns:${netns.name}`, 'ZOMBIE_SOCKET_FDS', { forTime: '4s' });
  },
});

const engine = testEngine();

describe.skipIf(typeof engine === 'string')('containers', () => {
  afterAll(async () => {
    if (typeof engine !== 'string') await engine.removeAll();
  });

  const env = () => (typeof engine === 'string' ? {} : { DOCKER_HOST: engine.endpoint });
  async function run(options: RunOptions): Promise<RunningContainer> {
    if (typeof engine === 'string') throw new Error(engine);
    return engine.run(options);
  }

  /** A shell that opens descriptors 10 to 39, and then waits. */
  const HOLDER = `i=10; while [ $i -lt 40 ]; do eval "exec $i</dev/null"; i=$((i+1)); done; touch /tmp/held; while :; do /bin/busybox sleep 1000; done`;

  prove({
    rule: 'LIMIT_MISMATCH',
    how: 'docker: an ECS container with nofile=64:128, of which a third is in use',
    lookAlike: 'docker: a soft limit that the program raised to one less than the declared hard one, as Go does',
    async fault() {
      const container = await run({
        script: HOLDER,
        ulimits: [{ Name: 'nofile', Soft: 64, Hard: 128 }],
        labels: {
          'com.amazonaws.ecs.task-definition-family': 'webhook',
          'com.amazonaws.ecs.task-definition-version': '7',
          'com.amazonaws.ecs.container-name': 'receiver',
        },
      });
      await until('30 descriptors', () => descriptorsOf(container.pid) >= 33);
      return findings(container.name, 'LIMIT_MISMATCH', { forTime: '1s', env: env() });
    },
    check({ severity, fixes }) {
      expect(severity).toBe('warning');
      expect(fixes[0]?.where).toContain('task definition webhook (revision 7 runs), container definition "receiver"');
      expect(JSON.parse(`{${fixes[0]?.snippet}}`)).toEqual({
        ulimits: [{ name: 'nofile', softLimit: 16_384, hardLimit: 16_384 }],
      });
    },
    async healthy() {
      const container = await run({ script: HOLDER, ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 4096 }] });
      await until('30 descriptors', () => descriptorsOf(container.pid) >= 33);
      limit(container.pid, '4095:4096');
      return findings(container.name, 'LIMIT_MISMATCH', { forTime: '1s', env: env() });
    },
  });

  test('LIMIT_MISMATCH: less than declared, taken away after the start', async () => {
    const container = await run({ ulimits: [{ Name: 'nofile', Soft: 2048, Hard: 4096 }] });
    limit(container.pid, '512:4096');
    const found = await findings(container.name, 'LIMIT_MISMATCH', { forTime: '1s', env: env() });
    expect(found).toMatchObject([
      { severity: 'warning', summary: expect.stringContaining('512:4096, declared is 2048:4096') },
    ]);
  });

  prove({
    rule: 'PIDS_LIMIT',
    how: 'docker: --pids-limit 6, and 8 children',
    lookAlike: 'docker: the same children under a limit of 100',
    async fault() {
      // A shell exits when it cannot fork, so each attempt has its own.
      const script =
        'while :; do for i in 1 2 3 4 5 6 7 8; do (/bin/busybox sleep 2 &) ; done 2>/dev/null; /bin/busybox sleep 1; done';
      const guarded = `while :; do /bin/busybox sh -c '${script}'; done`;
      const container = await run({ script: guarded, hostConfig: { PidsLimit: 6 } });
      return findings(container.name, 'PIDS_LIMIT', { forTime: '4s', env: env() });
    },
    async healthy() {
      const script = 'for i in 1 2 3 4 5 6 7 8; do /bin/busybox sleep 1000 & done; wait';
      const container = await run({ script, hostConfig: { PidsLimit: 100 } });
      return findings(container.name, 'PIDS_LIMIT', { env: env() });
    },
  });
});
