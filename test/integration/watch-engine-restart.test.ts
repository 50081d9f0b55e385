/** `socklens watch` while the Docker Engine itself is restarted: with containers that survive it, and with some that do not. */
import { afterEach, describe, expect, test } from 'vitest';
import { type OwnEngine, startOwnEngine, testEngine } from '../support/engine.ts';
import { WatchRun } from '../support/watch-run.ts';

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: the Engine is restarted during watch', describeRestart);

const FLAGS = ['--ndjson', '--interval', '200ms'];

function describeRestart(): void {
  let own: OwnEngine | undefined;
  let run: WatchRun | undefined;

  afterEach(async () => {
    await run?.stop();
    await own?.docker.removeAll();
    await own?.stop();
    own = undefined;
  });

  test('containers that survive it are watched all the time, and one that starts afterwards is found', async () => {
    own = await startOwnEngine(['--live-restore']);
    const { docker } = own;
    const survivor = await docker.run();
    run = new WatchRun(['all', ...FLAGS], { DOCKER_HOST: docker.endpoint });
    await run.nextSample(survivor.name);
    const restarted = own.restart();
    // While the Engine is down its container has its last known name.
    await run.nextSample(survivor.name);
    await restarted;
    await run.nextSample(survivor.name);
    const later = await docker.run();
    await run.nextSample(later.name);
    await run.nextSample(survivor.name);
    expect(run.notes).not.toContain(`${survivor.name}: stopped`);
    expect(run.samplesOf(survivor.id.slice(0, 12))).toHaveLength(0);
  }, 180_000);

  test('containers that end with it are reported, and watched again when they run again', async () => {
    own = await startOwnEngine([]);
    const { docker } = own;
    const container = await docker.run();
    run = new WatchRun([container.name, ...FLAGS], { DOCKER_HOST: docker.endpoint });
    await run.nextSample(container.name);
    await own.restart();
    await run.note(new RegExp(`^${container.name}: stopped$`));
    await docker.ask('POST', `/containers/${container.id}/start`);
    await run.note(new RegExp(`^${container.name}: started$`));
    await run.nextSample(container.name);
  }, 180_000);
}
