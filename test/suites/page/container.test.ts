import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { closeBrowser, openTab } from '../../support/page/browser.ts';
import { type Population, populate } from '../../support/page/population.ts';
import { type ServeRun, startServe } from '../../support/page/serve.ts';
import { manySockets } from '../../support/recipes/many-sockets.ts';

let netns: TestNetns;
let population: Population;
let serve: ServeRun;

beforeAll(async () => {
  netns = createNetns();
  population = await populate(netns);
  await population.order({ port: 3306, open: 30, closing: 4 });
  serve = await startServe([`netns:${netns.name}`]);
});
afterEach(closeBrowser);
afterAll(async () => {
  await serve?.stop();
  removeAllNetns();
});

async function openContainer(query = '?last=5m') {
  const tab = await openTab(serve.link);
  await tab.page.locator('tr[data-row]').first().waitFor();
  await tab.page.evaluate(
    (hash) => {
      location.hash = hash;
    },
    `#/c/${encodeURIComponent(`netns:${netns.name}`)}${query}`,
  );
  await tab.page.locator('.strip canvas').first().waitFor();
  return tab;
}

/** `ss` lines as words: state, queues, local and peer address. */
function ssLines(...filter: string[]): string[][] {
  return netns
    .run('ss', '-tanH', ...filter)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.trim().split(/\s+/));
}

/** The legend of a chart as numbers by name. */
async function legendOf(page: Awaited<ReturnType<typeof openContainer>>['page'], title: string) {
  return page.evaluate((wanted) => {
    const strip = [...document.querySelectorAll('section.strip')].find(
      (one) => one.getAttribute('aria-label') === wanted,
    );
    const rows = [...(strip?.querySelectorAll('.legend li') ?? [])];
    return Object.fromEntries(
      rows.map((row) => [row.querySelector('span')?.textContent ?? '', row.querySelector('b')?.textContent ?? '']),
    );
  }, title);
}

test('container: the legend of a chart has the counts of ss, never the sums of the stack', async () => {
  const { page, faults } = await openContainer();
  const count = (state: string) => String(ssLines('state', state).length);
  await until('the numbers', async () => (await legendOf(page, 'Open sockets')).CLOSE_WAIT === count('close-wait'));
  expect(await legendOf(page, 'Open sockets')).toMatchObject({
    LISTEN: count('listening'),
    ESTABLISHED: count('established'),
    FIN_WAIT2: count('fin-wait-2'),
    CLOSE_WAIT: count('close-wait'),
    Total: String(ssLines('exclude', 'time-wait').length),
  });
  await until('the descriptors', async () => {
    const { 'Open files': files, ...others } = await legendOf(page, 'Descriptors');
    expect(others).toEqual({});
    return files === String(fs.readdirSync(`/proc/${population.pid}/fd`).length);
  });
  const clients = ssLines('dport', '=', ':3306').filter(([state]) => state !== 'TIME-WAIT');
  await until('the pool', async () => {
    const pool = await legendOf(page, 'Pool to localhost:mysql');
    return (pool.Total ?? pool.Connections) === String(clients.length);
  });
  expect(faults).toEqual([]);
});

test('container: the table of sockets is that of ss, and the filter language narrows it', async () => {
  const { page } = await openContainer();
  const shown = () =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('[data-socket]')].map((row) => row.dataset.socket ?? '').sort(),
    );
  const expected = (...filter: string[]) =>
    ssLines(...filter)
      // With a filter of states, ss leaves their column out.
      .map((words) => words.filter((word) => word.includes(':')).join(' '))
      .sort();
  await page.locator('[data-socket]').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('state close-wait and sport 3306');
  await until('the filtered sockets', async () => (await shown()).length === 4);
  expect(await shown()).toEqual(expected('state', 'close-wait', 'sport', '=', ':3306'));
  expect(new URL(page.url()).hash).toContain('filter=state+close-wait+and+sport+3306');
  await page.keyboard.press('Escape');
  await page.keyboard.type('listen');
  // No keyword: a filter only, for the page has its container.
  await page.getByRole('alert').waitFor();
});

test('container: limits are those of /proc, who set them, and a block to paste', async () => {
  const soft = /Max open files +(\d+)/.exec(fs.readFileSync(`/proc/${population.pid}/limits`, 'utf8'))?.[1] ?? '';
  // Below the hard limit, so that both have a line.
  execFileSync('prlimit', ['--pid', String(population.pid), `--nofile=${Number(soft) - 1}:`]);
  try {
    const { page } = await openContainer();
    const limitOf = async (key: string) => {
      const row = page.locator(`tr[data-limit="${key}"]`);
      await row.waitFor();
      return (await row.locator('td').allTextContents()).map((text) => text.replaceAll(',', ''));
    };
    const line = fs.readFileSync(`/proc/${population.pid}/limits`, 'utf8').match(/Max open files +(\d+) +(\d+)/);
    await until('the limit of now', async () => (await limitOf('nofile'))[2] === line?.[1]);
    expect((await limitOf('nofile hard'))[2]).toBe(line?.[2]);
    expect((await limitOf('nofile'))[4]).toBe('inherited');
    await portsAndQueues(page);
    expect(await page.locator('.paste pre').first().textContent()).toMatch(/nofile/);
  } finally {
    execFileSync('prlimit', ['--pid', String(population.pid), `--nofile=${soft}:`]);
  }
});

/** Local ports to a peer, with those in TIME_WAIT, and accept queues: as ss and the sysctls of the namespace have them. */
async function portsAndQueues(page: Awaited<ReturnType<typeof openContainer>>['page']) {
  const cellsOf = async (text: string) => {
    const row = page.locator('tr[data-limit]', { hasText: text });
    await row.waitFor();
    return (await row.locator('td').allTextContents()).map((cell) => cell.replaceAll(',', ''));
  };
  const [first, last] = netns.run('cat', '/proc/sys/net/ipv4/ip_local_port_range').trim().split(/\s+/).map(Number);
  const used = () => String(ssLines('dst', ':3306').filter(([, , , , peer]) => peer?.endsWith(':3306')).length);
  await until('the local ports', async () => (await cellsOf('Local ports to localhost:mysql'))[1] === used());
  const ports = await cellsOf('Local ports to localhost:mysql');
  expect(ports[2]).toBe(String((last ?? 0) - (first ?? 0) + 1));
  expect(ports[4]).toBe('net.ipv4.ip_local_port_range');
  const listener = ssLines('-l', 'sport', ':3306')[0];
  const queue = await cellsOf('Accept queue');
  expect(queue.slice(1, 3)).toEqual([listener?.[1], listener?.[2]]);
  const somaxconn = netns.run('cat', '/proc/sys/net/core/somaxconn').trim();
  if (listener?.[2] === somaxconn) expect(queue[4]).toBe('net.core.somaxconn');
  else expect(queue[4]).toMatch(/^listen\(\)/);
}

test('container: a socket whose peer has closed says so', async () => {
  const { page } = await openContainer('?last=5m&filter=state%20close-wait');
  await page.getByRole('button', { name: 'Sockets', exact: true }).click();
  const left = String(ssLines('state', 'close-wait').length);
  const notes = page.locator('tr[data-socket]', { hasText: 'CLOSE_WAIT' }).locator('.note-cell');
  await until('the sockets', async () => String(await notes.count()) === left);
  for (const note of await notes.allTextContents()) expect(note).toMatch(/^the peer closed/);
});

test('container: the chart of descriptors says in words when the limit was reached', async () => {
  const soft = fs.readdirSync(`/proc/${population.pid}/fd`).length;
  const before = /Max open files +(\d+)/.exec(fs.readFileSync(`/proc/${population.pid}/limits`, 'utf8'))?.[1] ?? '';
  execFileSync('prlimit', ['--pid', String(population.pid), `--nofile=${soft}:`]);
  try {
    const { page, faults } = await openContainer();
    const note = page.locator('section.strip[aria-label="Descriptors"] .note.ceiling');
    await note.waitFor();
    expect(await note.textContent()).toMatch(/^limit reached \d\d:\d\d:\d\d$/);
    expect(await page.locator('section.strip[aria-label="Descriptors"] .axis .ceil').textContent()).toBe(
      `${soft}nofile, soft`,
    );
    // The doctor has something to say too: its fix is folded, so that the charts come next.
    const fold = page.locator('.fixes details').first();
    await fold.waitFor();
    expect(await fold.getAttribute('open')).toBeNull();
    await fold.locator('summary').click();
    await fold.locator('.paste').first().waitFor();
    expect(faults).toEqual([]);
  } finally {
    execFileSync('prlimit', ['--pid', String(population.pid), `--nofile=${before}:`]);
  }
});

test('container: a pool stands below the limit that its server is assumed to have, TIME_WAIT below the local ports', async () => {
  const { page } = await openContainer();
  const axisOf = (title: string) => page.locator(`section.strip[aria-label="${title}"] .axis .ceil`);
  // The doctor judges every ten seconds, for what a page shows. 151 is the default of MySQL's max_connections.
  await until('the limit of the server', async () => (await axisOf('Pool to localhost:mysql').count()) > 0, 120_000);
  expect(await axisOf('Pool to localhost:mysql').textContent()).toBe('151max_connections, assumed');
  expect(await page.locator('tr[data-lane="out 127.0.0.1:3306"]').textContent()).toContain('151, assumed');
  const [first = 0, last = 0] = netns.run('sysctl', '-n', 'net.ipv4.ip_local_port_range').split(/\s+/).map(Number);
  expect(await axisOf('TIME_WAIT').textContent()).toBe(
    `${(last - first + 1).toLocaleString('en-US')} ↑ports to one peer`,
  );
}, 180_000);

test('container: t puts the numbers of each chart in a table beneath it', async () => {
  const { page } = await openContainer();
  await until('the numbers', async () => (await legendOf(page, 'Open sockets')).CLOSE_WAIT === '4');
  await page.keyboard.press('t');
  const table = page.locator('section.strip[aria-label="Open sockets"] table');
  await table.waitFor();
  const heads = await table.locator('th[scope="col"]').allTextContents();
  const column = heads.findIndex((head) => head.includes('CLOSE_WAIT'));
  // The row's own head is no cell.
  await until(
    'a row',
    async () =>
      (await table
        .locator('tbody tr')
        .first()
        .locator('td')
        .nth(column - 1)
        .textContent()) === '4',
  );
  // A chart may come between the two counts.
  await until(
    'a table for each chart',
    async () => (await page.locator('section.strip').count()) === (await page.locator('.strip-table').count()),
  );
  await page.keyboard.press('t');
  await until('no table', async () => (await page.locator('.strip-table').count()) === 0);
});

test('container: a click on a name shows it alone', async () => {
  const { page } = await openContainer();
  const strip = page.locator('section.strip[aria-label="Open sockets"]');
  await until('the numbers', async () => (await legendOf(page, 'Open sockets')).CLOSE_WAIT === '4');
  await strip.getByRole('button', { name: 'CLOSE_WAIT' }).click();
  await until('the description', async () => {
    const label = await strip.locator('.canvas').getAttribute('aria-label');
    return label?.endsWith(': CLOSE_WAIT 4');
  });
});

test('container: of thousands of sockets only the rows in sight are in the document', async () => {
  const many = await manySockets(netns, 1500);
  try {
    const { page } = await openContainer();
    const heading = page.locator('#sockets .panel-head');
    await until('all sockets', async () => /3,[01]\d\d sockets/.test((await heading.textContent()) ?? ''));
    const rows = () => page.locator('[data-socket]').count();
    expect(await rows()).toBeLessThan(200);
    const first = await page.locator('[data-socket]').first().getAttribute('data-socket');
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
    await until(
      'other rows',
      async () => (await page.locator('[data-socket]').first().getAttribute('data-socket')) !== first,
    );
    expect(await rows()).toBeLessThan(200);
    expect(await rows()).toBeGreaterThan(20);
  } finally {
    await many.stop();
  }
});
