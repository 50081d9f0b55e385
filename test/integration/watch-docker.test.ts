/** `socklens watch` while containers and their Engine come and go. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { socklens } from '../support/cli.ts';
import { type TestEngine, testEngine } from '../support/engine.ts';
import { WatchRun } from '../support/watch-run.ts';

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: watch follows containers', () => describeWatch(engine));

function describeWatch(docker: TestEngine): void {
  const env = { DOCKER_HOST: docker.endpoint };
  const flags = ['--ndjson', '--interval', '200ms'];
  const runs: WatchRun[] = [];

  const start = (target: string): WatchRun => {
    const run = new WatchRun([target, ...flags], env);
    runs.push(run);
    return run;
  };

  beforeAll(() => {
    expect(docker.endpoint).not.toBe('');
  });
  afterEach(async () => {
    for (const run of runs.splice(0)) await run.stop();
    await docker.removeAll();
  });
  afterAll(() => docker.removeAll());

  test('a killed container is reported, and another one is watched on', async () => {
    const [dies, stays] = [await docker.run(), await docker.run()];
    const run = start(`${dies.name},${stays.name}`);
    await run.nextSample(dies.name);
    await docker.ask('POST', `/containers/${dies.id}/kill`);
    await run.note(new RegExp(`^${dies.name}: stopped$`));
    const count = run.samplesOf(dies.name).length;
    await run.nextSample(stays.name);
    await run.nextSample(stays.name);
    expect(run.samplesOf(dies.name)).toHaveLength(count);
    expect(await run.stop()).toBe(0);
    expect(run.objects.at(-1)).toMatchObject({ type: 'summary' });
  });

  test('a restarted container is watched again in its new namespace', async () => {
    const container = await docker.run();
    const run = start(container.name);
    await run.nextSample(container.name);
    await docker.ask('POST', `/containers/${container.id}/restart?t=0`);
    await run.note(new RegExp(`^${container.name}: started$`));
    expect(run.notes).toContain(`${container.name}: stopped`);
    await run.nextSample(container.name);
  });

  test("the Engine's own DNS sockets in a container are counted for the Engine, as ls names them", async () => {
    const network = await docker.createNetwork();
    const { name } = await docker.run({ network });
    const { stdout } = socklens(['ls', name, '-tup', '--json'], env);
    const { sockets } = JSON.parse(stdout) as { sockets: { processes: { pid: number; name: string }[] }[] };
    const owners = sockets.map(({ processes }) => processes.map(({ pid, name: program }) => `${pid}/${program}`));
    expect(owners).toEqual([[expect.stringMatching(/^\d+\/dockerd$/)], owners[0]]);
    const run = new WatchRun([name, ...flags, '-tu', '--by', 'process'], env);
    runs.push(run);
    const { groups } = await run.nextSample(name);
    expect(groups).toMatchObject([{ key: { process: owners[0]?.[0] }, count: 2 }]);
  });

  test('a renamed container stays the target, under its new name', async () => {
    const container = await docker.run();
    const name = docker.uniqueName('renamed');
    const [one, all] = [start(container.name), start('all')];
    for (const run of [one, all]) await run.nextSample(container.name);
    await docker.ask('POST', `/containers/${container.id}/rename?name=${name}`);
    for (const run of [one, all]) {
      await run.note(new RegExp(`^${container.name}: renamed to ${name}$`));
      await run.nextSample(name);
      expect(run.notes).not.toContain(`${container.name}: stopped`);
    }
  });

  test('all: a container that starts later is reported and watched', async () => {
    const first = await docker.run();
    const run = start('all');
    await run.nextSample(first.name);
    const second = await docker.run({ script: '/bin/busybox nc -l -p 3306 & wait' });
    const sample = await run.nextSample(second.name, ({ total }) => total === 1);
    // Where the Engine lists it late, it is first known by its id.
    const shortId = second.id.slice(0, 12);
    // Other tests start containers at the same Engine.
    const names = [`${second.name}: started`, `${shortId}: started`];
    const [started, ...more] = run.notes.filter((note) => names.includes(note));
    expect(started).toBeDefined();
    expect(more).toEqual([]);
    if (started === `${shortId}: started`) expect(run.notes).toContain(`${shortId}: renamed to ${second.name}`);
    expect(sample.groups).toMatchObject([{ key: { state: 'LISTEN' }, count: 1 }]);
  });
}
