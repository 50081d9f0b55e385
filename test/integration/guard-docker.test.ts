/** A guard on real containers: owners of sockets, and a container that is killed during the run. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningContainer, type TestEngine, testEngine } from '../support/engine.ts';
import { Guard } from '../support/guard.ts';
import { until } from '../support/netns.ts';

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: guard over containers', () => describeGuard(engine));

/** A listener for each of `count` connections that last: they are made when all listen. */
const connected = (count: number) =>
  `for i in $(/bin/busybox seq ${count}); do /bin/busybox nc -l -p 33$((10 + i)) -e /bin/busybox sleep 1000000 & done;
   listening() { /bin/busybox cat /proc/net/tcp /proc/net/tcp6 | /bin/busybox grep -c ' 0A '; };
   while [ "$(listening)" -lt ${count} ]; do /bin/busybox usleep 20000; done;
   for i in $(/bin/busybox seq ${count}); do /bin/busybox nc 127.0.0.1 33$((10 + i)) -e /bin/busybox sleep 1000000 & done; wait`;

function describeGuard(docker: TestEngine): void {
  const env = { DOCKER_HOST: docker.endpoint };
  const start = (target: string, flags: readonly string[]) => Guard.start(target, flags, undefined, env);
  let few: RunningContainer;
  let many: RunningContainer;

  beforeAll(async () => {
    few = await docker.run({ script: connected(2) });
    many = await docker.run({ script: connected(5), ulimits: [{ Name: 'nofile', Soft: 64, Hard: 64 }] });
  });
  afterAll(() => docker.removeAll());

  test('a budget applies to each container, a total to all of them; the report names the container with most', async () => {
    const filter = 'dport 3300-3399 and state established';
    const budgets = [
      `peak(${filter}) <= 4`,
      `peak(${filter}) <= 5`,
      `total peak(${filter}) <= 6`,
      `total peak(${filter}) <= 7`,
    ];
    const guard = await start(
      `${few.name},${many.name}`,
      budgets.flatMap((text) => ['--budget', text]),
    );
    for (const { pid } of [few, many]) {
      const listed = () =>
        execFileSync('nsenter', ['-t', `${pid}`, '-n', 'ss', '-tnH', 'state', 'established'], { encoding: 'utf8' });
      const wanted = pid === few.pid ? 2 : 5;
      // Each has both ends.
      await until('the connections', () => listed().trim().split('\n').length === 2 * wanted);
    }
    await guard.samples(3);
    guard.go();
    const { status, report } = await guard.end();
    expect(report?.budgets.map(({ verdict }) => verdict)).toEqual(['broken', 'held', 'broken', 'held', 'held']);
    expect(report?.budgets[0]?.worst).toMatchObject({ value: 5, target: many.name });
    expect(report?.budgets[0]?.worst?.who).toContainEqual({ kind: 'container', name: many.name, count: 5 });
    expect(report?.budgets[2]?.worst).toMatchObject({ value: 7 });
    expect(report?.targets).toEqual([few.name, many.name]);
    expect(status).toBe(1);
  });

  test('a container is killed during the run: a finding with its last numbers, and status 1', async () => {
    const victim = await docker.run({ script: connected(3) });
    const guard = await start(victim.name, ['--budget', 'peak(all) <= 1000', '--budget', 'drain(all, 100ms) <= 1000']);
    await guard.samples(2);
    await docker.stop(victim.id);
    await guard.prints(`${victim.name}: stopped`);
    guard.go();
    const { status, report } = await guard.end();
    // Beside facts about the listeners that are worth knowing.
    const wrong = report?.findings.filter(({ severity }) => severity !== 'info');
    expect(wrong).toMatchObject([{ rule: 'TARGET_GONE', scope: { name: victim.name } }]);
    expect(report?.findings[0]?.evidence.map(({ what }) => what)).toContain('sockets then');
    expect(report?.budgets.map(({ verdict }) => verdict)).toEqual(['held', 'not judged', 'broken']);
    expect(status).toBe(1);
  });

  test('a container is restarted during the run: it is watched again, and the finding says so', async () => {
    const victim = await docker.run({ script: connected(3) });
    const guard = await start(victim.name, ['--budget', 'drain(state listening, 100ms) <= 1000']);
    await guard.samples(2);
    await docker.ask('POST', `/containers/${victim.id}/restart?t=0`);
    await guard.prints(`${victim.name}: stopped`);
    await guard.samples(3);
    guard.go();
    const { report } = await guard.end();
    expect(report?.findings[0]).toMatchObject({
      rule: 'TARGET_GONE',
      summary: expect.stringContaining('started again'),
    });
    expect(report?.budgets.map(({ verdict }) => verdict)).toEqual(['held', 'broken']);
  });
}
