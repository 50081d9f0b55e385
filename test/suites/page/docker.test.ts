import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type RunningContainer, type TestEngine, testEngine } from '../../support/engine.ts';
import { until } from '../../support/netns.ts';
import { closeBrowser, openTab } from '../../support/page/browser.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';
import { shownRow } from '../../support/page/shown-row.ts';

const engine = testEngine();
if (typeof engine === 'string') test.skip(`the page with containers: ${engine}`);
else describe('the page with containers', () => withEngine(engine));

/** Of the container's processes: a number that nothing else has. */
const NOFILE = 1234;
/** A project whose name is markup; a label may be anything. */
const PROJECT = '<b>shop</b>\u202e';

function withEngine(docker: TestEngine): void {
  let web: RunningContainer;
  let serve: ServeRun;

  beforeAll(async () => {
    web = await docker.run({
      script: 'exec /bin/busybox nc -l -p 8080',
      labels: { 'com.docker.compose.project': PROJECT, 'com.docker.compose.service': 'web' },
      ulimits: [{ Name: 'nofile', Soft: NOFILE, Hard: NOFILE }],
    });
    serve = await startServe([web.name], { env: { DOCKER_HOST: docker.endpoint } });
  });
  afterEach(closeBrowser);
  afterAll(async () => {
    await serve?.stop();
    await docker.removeAll();
  });

  test('a container by its name: image, limit of its processes, listening port', async () => {
    const { page, faults } = await openTab(serve.link);
    await until('its numbers', async () => (await shownRow(page, web.name))?.open === 1);
    const row = page.locator(`tr[data-row="${web.name}"]`);
    expect(await row.getByRole('meter').getAttribute('aria-valuemax')).toBe(String(NOFILE));
    await until('its port', async () => (await row.locator('.ports').textContent()) === '8080');
    // Numbers come first: what the Engine tells of a container alone is asked for after them.
    const image = docker.image.split('/').at(-1)?.split(':')[0] ?? '';
    await until('its image', async () => (await row.locator('.m-name').textContent())?.includes(image));
    expect(await page.locator('h1').textContent()).toMatch(/1 container/);
    expect(faults).toEqual([]);
  });

  test('its page: project as text, id, and the way to raise its limit with Docker', async () => {
    const { page, faults } = await openTab(serve.link);
    await page.locator('a.name').first().click();
    const heading = page.locator('h1', { hasText: web.name });
    // Numbers come first: what the Engine tells of a container is asked for after them.
    await heading.filter({ hasText: '<b>shop</b>\\u202e' }).waitFor();
    expect(await page.locator('h1 b').count()).toBe(0);
    await page.locator('.facts', { hasText: web.id.slice(0, 12) }).waitFor();
    await page.locator('tr[data-limit="nofile"]').waitFor();
    // The kernel's own count, proc(5): a server that waits in accept(2) has one more than there are entries.
    const opened = () => String(fs.statSync(`/proc/${web.pid}/fd`).size);
    const shown = page.locator('section.strip[aria-label="Descriptors"] .legend b');
    await until('its descriptors', async () => (await shown.textContent()) === opened());
    await page.locator('#limits ~ section, .cols section', { hasText: 'ulimit' }).first().waitFor();
    expect(faults).toEqual([]);
  });

  test('what happens is kept at a click', async () => {
    const { page } = await openTab(serve.link);
    await page.locator('a.name').first().waitFor();
    // It is said for a moment.
    await Promise.all([
      page.locator('.said', { hasText: 'Kept: see Incidents' }).waitFor(),
      page.getByRole('button', { name: 'Save incident' }).click(),
    ]);
    const { incidents } = (await serve.ask('incidents')) as { incidents: unknown[] };
    expect(incidents).toHaveLength(1);
  });
}
