/** `socklens limits` on real containers: declared limits, actual limits, and a limit that is raised while they run. */
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LimitsReport } from '../../src/model/report/limits-report.ts';
import type { SetReport } from '../../src/model/report/set-report.ts';
import { socklens } from '../support/cli.ts';
import { type RunningContainer, type RunOptions, type TestEngine, testEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: limits', () => describeLimits(engine));

const NOFILE = [{ Name: 'nofile', Soft: 64, Hard: 128 }];

/** Empty for a process that has exited. */
function cgroupOf(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cgroup`, 'latin1');
  } catch {
    return '';
  }
}

/**
 * Opens one file after the other without closing any, and retries when it may not. Prints the number of open
 * files whenever it changes.
 */
const HOARDER = `
  i=0; while [ $i -lt 200 ]; do echo line > /tmp/f$i; i=$((i + 1)); done
  exec /bin/busybox awk 'BEGIN {
    count = 0
    while (1) {
      if ((getline line < ("/tmp/f" count)) > 0) count++
      else system("/bin/busybox usleep 20000")
      if (count != printed) { printed = count; print "open " count; fflush() }
    }
  }'`;

function describeLimits(docker: TestEngine): void {
  const env = { DOCKER_HOST: docker.endpoint };
  const report = (...args: string[]): LimitsReport => {
    const { status, stdout, stderr } = socklens(['limits', ...args, '--json'], env);
    if (status !== 0) throw new Error(`socklens limits ${args.join(' ')}: ${status} ${stderr}`);
    return JSON.parse(stdout);
  };
  const nofileOf = ({ groups }: LimitsReport) => groups[0]?.limits.find(({ name }) => name === 'nofile');
  const open = (pid: number) => fs.readdirSync(`/proc/${pid}/fd`).length;
  /** The highest number that the program printed. */
  const openFiles = async ({ id }: RunningContainer): Promise<number> => {
    const log = String(await docker.ask('GET', `/containers/${id}/logs?stdout=1&tail=1`));
    return Number(/open (\d+)/.exec(log)?.[1] ?? 0);
  };
  const labelled = (labels: Record<string, string>) => docker.run({ labels, ulimits: NOFILE });
  afterAll(() => docker.removeAll());

  test('declared and effective limits, use, and how to set them with docker run', async () => {
    const { name, pid } = await docker.run({ ulimits: NOFILE, hostConfig: { PidsLimit: 50 } });
    const limits = report(name);
    expect(limits).toMatchObject({ mainPid: pid, platform: { kind: 'docker', name } });
    expect(nofileOf(limits)).toMatchObject({ soft: 64, hard: 128, used: open(pid), declared: { soft: 64, hard: 128 } });
    expect(limits.declaredBy).toContain('Engine');
    expect(limits.fixes[0]?.snippet).toContain(`docker run --name ${name} --ulimit nofile=`);
    const related = limits.related.map(({ role, soft, hard, pid: process }) => ({ role, soft, hard, pid: process }));
    const parent = Number(/^PPid:\t(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    expect(related.map(({ role }) => role)).toEqual(expect.arrayContaining(['PID 1', 'Engine', 'containerd', 'shim']));
    expect(related.find(({ role }) => role === 'shim')?.pid).toBe(parent);
    for (const { pid: process, soft, hard } of related) {
      const row = new RegExp(`^Max open files +${soft ?? 'unlimited'} +${hard ?? 'unlimited'} `, 'm');
      expect(fs.readFileSync(`/proc/${process}/limits`, 'latin1')).toMatch(row);
    }
    const engine = related.find(({ role }) => role === 'Engine')?.pid;
    expect(report(`pid:${engine}`).processes[0]?.program).toMatchObject({ name: 'Go', raisesSoftLimit: true });
    expect(limits.pids).toMatchObject({ current: 1, max: 50, declared: 50, sharePercent: 2 });
  });

  test('a container without declared limits has those of the shim', async () => {
    const limits = report((await docker.run()).name);
    expect(limits).not.toHaveProperty('declaredBy');
    expect(nofileOf(limits)).not.toHaveProperty('declared');
    const shim = limits.related.find(({ role }) => role === 'shim');
    expect([nofileOf(limits)?.soft, nofileOf(limits)?.hard]).toEqual([shim?.soft, shim?.hard]);
  });

  test('the pids limit: tasks, and how often a fork was refused', async () => {
    const script =
      '(for i in 1 2 3 4 5 6 7 8; do /bin/busybox sleep 1000000 & done; wait) & exec /bin/busybox sleep 1000000';
    const { id, name } = await docker.run({ script, hostConfig: { PidsLimit: 6 } });
    // The inner shell exits when a fork fails; its children go on.
    await until('a refused fork', () => report(name).pids?.refused === 1 && report(name).processes.length === 5);
    const { pids } = report(name);
    expect(pids).toMatchObject({ max: 6, declared: 6 });
    expect(pids?.refused).toBeGreaterThan(0);
    // Five running processes and the inner shell, a zombie: it counts as a task too.
    const inCgroup = fs.readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && cgroupOf(entry).includes(id));
    expect(pids?.current).toBe(inCgroup.length);
  });

  test('processes whose limits differ are a group of their own', async () => {
    const script =
      '(ulimit -Sn 32; exec /bin/busybox sleep 1000000) & (ulimit -Sn 32; exec /bin/busybox sleep 1000000) & exec /bin/busybox sleep 1000000';
    const { name, pid } = await docker.run({ script, ulimits: NOFILE });
    await until(
      'three processes',
      () =>
        report(name)
          .groups.map(({ pids }) => pids.length)
          .join() === '1,2',
    );
    const { groups } = report(name);
    expect(groups.map(({ main }) => main)).toEqual([true, false]);
    expect(groups[0]?.pids).toEqual([pid]);
    expect(groups[1]?.limits.find((row) => row.name === 'nofile')).toMatchObject({ soft: 32, hard: 128 });
    const { stdout } = socklens(['limits', name], env);
    expect(stdout).toMatch(/^Processes \d+, \d+, where different:$/m);
  });

  describe('--set', () => {
    let hoarder: RunningContainer;
    beforeAll(async () => {
      hoarder = await docker.run({ script: HOARDER, ulimits: NOFILE });
      await until('it to be full', () => open(hoarder.pid) === 64);
    });
    const set = (target: string, setting: string) => {
      const { status, stdout, stderr } = socklens(['limits', target, '--set', setting, '--yes', '--json'], env);
      return { status, stderr, processes: (JSON.parse(stdout) as SetReport).processes };
    };

    test('a container without a free descriptor is reported as full', () => {
      const limits = report(hoarder.name);
      expect(nofileOf(limits)).toMatchObject({ used: 64, sharePercent: 100 });
      expect(limits.remarks[0]).toContain('no descriptor left');
    });

    test('a raised limit lets its process open more without a restart', async () => {
      const before = await openFiles(hoarder);
      expect(before).toBeGreaterThan(50);
      expect(before).toBeLessThan(64);
      const { status, processes } = set(hoarder.name, 'nofile=128');
      expect(status).toBe(0);
      expect(processes.find(({ pid }) => pid === hoarder.pid)).toMatchObject({
        before: { soft: 64, hard: 128 },
        after: { soft: 128, hard: 128 },
        outcome: 'changed',
      });
      await until('it to be full again', () => open(hoarder.pid) === 128);
      await until('it to print that', async () => (await openFiles(hoarder)) === before + 64);
      // The declaration is unchanged, and the report shows the difference.
      const limits = report(hoarder.name);
      expect(nofileOf(limits)).toMatchObject({ soft: 128, declared: { soft: 64, hard: 128 } });
      expect(limits.remarks.join('\n')).toContain('declared limit is 64:128, the process has 128:128');
    });

    test('sets all processes at once, and names one that is refused', async () => {
      const script = '(ulimit -n 40; exec /bin/busybox sleep 1000000) & exec /bin/busybox sleep 1000000';
      const { name, pid } = await docker.run({ script, ulimits: NOFILE });
      await until('both', () => report(name).groups.length === 2);
      const other = report(name).groups[1]?.pids[0] ?? 0;
      expect(set(name, 'nofile=36').processes.map(({ outcome }) => outcome)).toEqual(['changed', 'changed']);
      const { status, stderr, processes } = set(name, 'nofile=100');
      const outcome = new Map(processes.map((process) => [process.pid, process.outcome]));
      expect(outcome.get(pid)).toBe('changed');
      // With CAP_SYS_RESOURCE the other's hard limit is raised.
      if (status === 0) return;
      expect(status).toBe(4);
      expect(outcome.get(other)).toBe('refused');
      expect(stderr).toContain(`1 of 2 not set (${other}/`);
      expect(stderr).toContain('from 40 to 100 needs CAP_SYS_RESOURCE');
    });
  });

  test('ECS labels: the ulimits block of that task definition', async () => {
    const { name } = await labelled({
      'com.amazonaws.ecs.cluster': 'prod',
      'com.amazonaws.ecs.container-name': 'receiver',
      'com.amazonaws.ecs.task-arn': 'arn:aws:ecs:eu-west-1:1:task/prod/4b1d3ab4f9f04b4e8a4fbb6d0e3b3c11',
      'com.amazonaws.ecs.task-definition-family': 'hooks',
      'com.amazonaws.ecs.task-definition-version': '7',
    });
    const { platform, fixes } = report(name);
    expect(platform).toMatchObject({ kind: 'ecs-ec2', family: 'hooks', revision: '7', container: 'receiver' });
    expect(JSON.parse(`{${fixes[0]?.snippet}}`)).toEqual({
      ulimits: [{ name: 'nofile', softLimit: 65_536, hardLimit: 65_536 }],
    });
    const { stdout } = socklens(['limits', name], env);
    expect(stdout).toContain('To set it permanently here (ECS on EC2)');
    expect(stdout).toMatch(/^ +\{"name": "nofile", "softLimit": 65536, "hardLimit": 65536\}$/m);
  });

  test('compose labels: the block of that service, in that file', async () => {
    const { name } = await labelled({
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'api',
      'com.docker.compose.project.config_files': '/srv/shop/compose.yaml',
    });
    const { fixes, declaredBy } = report(name);
    expect(declaredBy).toContain('compose service api');
    expect(fixes[0]?.where).toBe('/srv/shop/compose.yaml');
    expect(fixes[0]?.snippet).toBe(
      'services:\n  api:\n    ulimits:\n      nofile:\n        soft: 65536\n        hard: 65536',
    );
  });

  test('labels with control characters do not reach the terminal', async () => {
    const { name } = await labelled({ 'com.docker.compose.service': '\u001b[31mred\u0007' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(socklens(['limits', name], env).stdout).not.toMatch(/[\x1b\x07]/);
  });

  test('several containers, and the target all', async () => {
    const options: RunOptions = { ulimits: NOFILE };
    const names = [(await docker.run(options)).name, (await docker.run(options)).name];
    const { stdout } = socklens(['limits', names.join(','), '--json'], env);
    const targets = JSON.parse(stdout).targets as LimitsReport[];
    expect(targets.map(({ target }) => target.name)).toEqual(names);
    const all = JSON.parse(socklens(['limits', 'all', '--json'], env).stdout).targets as LimitsReport[];
    expect(all.map(({ target }) => target.name)).toEqual(expect.arrayContaining(names));
  });

  test('a stopped container is status 3', async () => {
    const { id, name } = await docker.run();
    await docker.stop(id);
    expect(socklens(['limits', name], env).status).toBe(3);
    expect(socklens(['limits', name, '--set', 'nofile=64', '--yes'], env).status).toBe(3);
  });
}
