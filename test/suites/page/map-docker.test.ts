import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningContainer, type TestEngine, testEngine } from '../../support/engine.ts';
import { until } from '../../support/netns.ts';
import { closeBrowser, openTab } from '../../support/page/browser.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';

const engine = testEngine();
if (typeof engine === 'string') test.skip(`the map with containers: ${engine}`);
else describe('the map with containers', () => withEngine(engine));

const PATIENCE_MS = 90_000;
const CONNECTIONS = 5;
const PREFIX = `slmap${process.pid}`;
/** A network with three addresses: with three containers in it, one that is made anew has the address of the one that is gone. */
const SUBNET = `10.${20 + (process.pid % 200)}.${(process.pid >> 8) % 256}`;

function withEngine(docker: TestEngine): void {
  let network: string;
  let db: RunningContainer;
  /** Of the database. */
  let address: string;
  let client: RunningContainer;
  let serve: ServeRun;

  const run = (name: string, script?: string) =>
    docker.run({
      name: `${PREFIX}-${name}`,
      network,
      labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': name },
      ...(script !== undefined && { script }),
    });
  const addressOf = async ({ id }: RunningContainer): Promise<string> => {
    const { NetworkSettings } = (await docker.ask('GET', `/containers/${id}/json`)) as {
      NetworkSettings: { Networks: Record<string, { IPAddress: string }> };
    };
    return NetworkSettings.Networks[network]?.IPAddress ?? '';
  };
  const SERVER = 'exec /bin/busybox nc -ll -p 3306 -e /bin/busybox sleep 1000000';

  beforeAll(async () => {
    network = await docker.createNetwork({
      IPAM: { Config: [{ Subnet: `${SUBNET}.0/29`, IPRange: `${SUBNET}.4/30`, Gateway: `${SUBNET}.1` }] },
    });
    db = await run('db', SERVER);
    address = await addressOf(db);
    await until('the database', () => ssOf(db, '-tlnH').includes(':3306'));
    const connect = `/bin/busybox sleep 1000000 | /bin/busybox nc ${address} 3306 &`;
    client = await run('client', `${`${connect}\n`.repeat(CONNECTIONS)}wait`);
    await run('idle');
    serve = await startServe([`${PREFIX}-*`], { env: { DOCKER_HOST: docker.endpoint } });
  }, 240_000);
  afterAll(async () => {
    await closeBrowser();
    await serve?.stop();
    // One that is paused cannot be removed by every Engine.
    if (client !== undefined) await docker.ask('POST', `/containers/${client.id}/unpause`).catch(() => undefined);
    await docker.removeAll();
  });

  /** What `ss` says inside of a container. */
  const ssOf = ({ pid }: RunningContainer, ...args: string[]): string =>
    execFileSync('nsenter', ['-t', String(pid), '-n', 'ss', ...args], { encoding: 'utf8' });

  /** States of the client's connections to an address. */
  const ssStates = (address: string): string[] =>
    ssOf(client, '-tnH', 'dst', address)
      .split('\n')
      .flatMap((line) => line.trim().split(/\s+/)[0] || []);

  /** Edges of the last minute with their last numbers. */
  const edges = async () => {
    const now = Date.now();
    const answer = (await serve.ask(`edges?from=${now - 60_000}&to=${now}&points=6`)) as {
      edges: { client: string; server: string; port: number; columns: { name: string; mean: (number | null)[] }[] }[];
      rows: { name: string; project?: string; projectKind?: string; network?: string }[];
    };
    const last = answer.edges.map(({ client: from, server, port, columns }) => {
      const of = (name: string) => columns.find((one) => one.name === name)?.mean.findLast((value) => value !== null);
      return { from, to: server, port, connections: of('connections'), closeWait: of('closeWait') };
    });
    return { last, rows: answer.rows };
  };

  test('an edge between two containers, in the box of their project', async () => {
    await until('connections', () => ssStates(address).length === CONNECTIONS);
    await until(
      'the edge',
      async () =>
        (await edges()).last.some(
          ({ from, to, connections }) => from === client.name && to === db.name && connections === CONNECTIONS,
        ),
      PATIENCE_MS,
    );
    expect((await edges()).rows.find(({ name }) => name === db.name)).toMatchObject({
      project: 'shop',
      projectKind: 'compose',
    });
    const { page, faults } = await openTab(serve.link);
    await page.locator('tr[data-row]').first().waitFor();
    await page.keyboard.press('m');
    const id = `row ${client.name} row ${db.name}:3306`;
    const number = page.locator(`[data-number="${id}"]`);
    await until(
      'the number',
      async () => (await number.textContent().catch(() => '')) === String(CONNECTIONS),
      PATIENCE_MS,
    );
    // A click on the name of the box makes it one node, and another opens it.
    const title = page.locator('[data-group="shop"]');
    await title.click();
    await page.locator('[data-node="group shop"]').waitFor();
    expect(await number.count()).toBe(0);
    await title.click();
    await number.waitFor();
    // By network it is in the box of the network that the Engine put it in.
    await page.getByRole('button', { name: 'Network', exact: true }).click();
    const box = page.locator(`[data-group="${network}"]`);
    await until('the box of the network', async () => (await box.textContent())?.includes(network.slice(-4)) ?? false);
    expect(await page.locator('[data-group="shop"]').count()).toBe(0);
    expect((await edges()).rows.find(({ name }) => name === db.name)).toMatchObject({ network });
    await box.click();
    await page.locator(`[data-node="group ${network}"]`).waitFor();
    // The key goes on to no groups, and to projects again.
    await page.keyboard.press('g');
    await page.locator(`[data-node="row ${db.name}"]`).waitFor();
    expect(await page.locator('[data-group]').count()).toBe(0);
    await page.keyboard.press('g');
    await title.waitFor();
    expect(faults).toEqual([]);
  }, 240_000);

  test('another container that has the address now does not draw the edge of the one before', async () => {
    // It does not learn that its server is gone: its ends stay.
    await docker.ask('POST', `/containers/${client.id}/pause`);
    await docker.remove(db.id);
    await until('CLOSE_WAIT', () => ssStates(address).filter((state) => state === 'CLOSE-WAIT').length === CONNECTIONS);
    const other = await run('other', SERVER);
    expect(await addressOf(other)).toBe(address);
    await until(
      'the other container and CLOSE_WAIT',
      async () => {
        const { last, rows } = await edges();
        return (
          rows.some(({ name }) => name === other.name) &&
          last.some(({ from, to, closeWait }) => from === client.name && to === db.name && closeWait === CONNECTIONS)
        );
      },
      PATIENCE_MS,
    );
    // For two more rounds: it would be drawn with the next one.
    const rounds = Date.now() + 25_000;
    await until(
      'two rounds',
      async () => {
        expect((await edges()).last.filter(({ to }) => to === other.name)).toEqual([]);
        return Date.now() > rounds;
      },
      PATIENCE_MS,
    );
    const { last } = await edges();
    expect(last.find(({ from, to }) => from === client.name && to === db.name)).toMatchObject({
      closeWait: CONNECTIONS,
    });
    expect(last.some(({ to }) => to === address)).toBe(false);
  }, 240_000);
}
