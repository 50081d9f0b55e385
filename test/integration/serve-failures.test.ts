/** `socklens serve` while what it watches goes away and comes back, and what it does when it is told to. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { ContainerAnswer } from '../../src/serve/protocol/container.ts';
import type { ContainerRow, OverviewAnswer } from '../../src/serve/protocol.ts';
import { socklens } from '../support/cli.ts';
import { type OwnEngine, startOwnEngine, testEngine } from '../support/engine.ts';
import { createNetns, nodeProgram, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { populate } from '../support/page/population.ts';
import { type ServeRun, startServe } from '../support/page/serve.ts';

/** Holds a connection to each of two addresses of its namespace. */
const EXTERNAL = `
const net = require('node:net');
const hosts = ['203.0.113.7', '10.77.0.7'];
const server = net.createServer(() => {}).listen(8443, '0.0.0.0', async () => {
  for (const host of hosts) await new Promise((resolve) => net.connect(8443, host, resolve));
  console.log('ready');
});`;

let serve: ServeRun | undefined;
let own: OwnEngine | undefined;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-serve-failures-'));

afterEach(async () => {
  await serve?.stop();
  serve = undefined;
  await own?.docker.removeAll();
  await own?.stop();
  own = undefined;
  removeAllNetns();
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

async function start(args: readonly string[], options: Parameters<typeof startServe>[1] = {}): Promise<ServeRun> {
  const run = await startServe(args, options);
  serve = run;
  await until('the first sample', async () => (await fetch(`${run.origin}/readyz`)).ok, 60_000);
  return run;
}

async function rowOf(run: ServeRun, name: string): Promise<ContainerRow | undefined> {
  return ((await run.ask('overview')) as OverviewAnswer).rows.find((row) => row.name === name);
}

/** Established connections of a namespace, as `ss` has them. */
function established(netns: TestNetns): number {
  return netns.run('ss', '-tnH', 'state', 'established').split('\n').filter(Boolean).length;
}

/** Sends a request that changes something. */
async function post({ origin, link }: ServeRun, pathAndQuery: string): Promise<Response> {
  const token = new URL(link).hash.replace('#token=', '');
  return fetch(`${origin}/api/v1/${pathAndQuery}`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
}

describe('serve: what it watches comes and goes', () => {
  it('a namespace that is gone stays as a row that says so, until it is there again', async () => {
    const [stays, goes] = [createNetns(), createNetns()];
    await (await populate(stays)).order({ port: 8080, open: 5, closing: 0 });
    const run = await start([`netns:${stays.name}`, `netns:${goes.name}`]);
    const name = `netns:${goes.name}`;
    await until('its first snapshot', async () => (await rowOf(run, name))?.sockets !== undefined);
    const before = Date.now();
    goes.remove();
    const gone = await until('the row that says it', async () => {
      const row = await rowOf(run, name);
      return row?.status === 'stopped' ? row : undefined;
    });
    expect(gone.stoppedAtMs).toBeGreaterThanOrEqual(before - 2000);
    expect(Object.keys(gone).sort()).toEqual(['id', 'name', 'problems', 'runtime', 'status', 'stoppedAtMs']);
    expect(await run.ask(`container?name=${name}`)).toMatchObject({ row: { status: 'stopped' }, lanes: [] });
    expect(((await run.ask(`container?name=${name}`)) as ContainerAnswer).sockets).toBeUndefined();
    execFileSync('ip', ['netns', 'add', goes.name]);
    try {
      await until('the row of the new one', async () => (await rowOf(run, name))?.status === 'running');
    } finally {
      execFileSync('ip', ['netns', 'delete', goes.name]);
    }
    await until('what stayed', async () => {
      const { byState = {} } = (await rowOf(run, `netns:${stays.name}`))?.sockets ?? {};
      return byState.ESTABLISHED === established(stays);
    });
  }, 180_000);

  it('a thousand namespaces that come and go leave neither rows nor files behind', async () => {
    const stays = createNetns();
    await (await populate(stays)).order({ port: 8080, open: 7, closing: 0 });
    const run = await start(['--all']);
    const row = () => rowOf(run, `netns:${stays.name}`);
    await until('its row', async () => (await row())?.sockets !== undefined);
    const files = () => fs.readdirSync(`/proc/${run.pid}/fd`).length;
    const before = files();
    for (let round = 0; round < 10; round++) {
      const names = Array.from({ length: 100 }, (_, index) => `slserve-${process.pid}-${round}-${index}`);
      batch(names.map((name) => `netns add ${name}`));
      try {
        await until('one of them', async () => (await rowOf(run, `netns:${names.at(-1)}`)) !== undefined, 60_000);
      } finally {
        batch(names.map((name) => `netns delete ${name}`));
      }
    }
    await until('the end of the last of them', async () => {
      const { rows } = (await run.ask('overview')) as OverviewAnswer;
      const ours = rows.filter(({ name }) => name.startsWith(`netns:slserve-${process.pid}-`));
      return ours.length <= 100 && ours.every(({ status }) => status === 'stopped');
    });
    // Other tests make namespaces too, but not as many.
    await until('no more files than for those that are there', () => files() < before + 500);
    await until('the numbers of ss', async () => (await row())?.sockets?.byState.ESTABLISHED === established(stays));
  }, 600_000);
});

function batch(lines: readonly string[]): void {
  execFileSync('ip', ['-force', '-batch', '-'], { input: `${lines.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
}

const engine = testEngine();
if (typeof engine === 'string') it.skip(`Docker: ${engine}`, () => {});
else
  describe('serve: the Engine is away', () => {
    it('rows of containers that go on stay and are read, and one that starts afterwards is found', async () => {
      own = await startOwnEngine(['--live-restore']);
      const { docker } = own;
      const { name } = await docker.run();
      const run = await start([], { env: { DOCKER_HOST: docker.endpoint } });
      await until('its row', async () => (await rowOf(run, name))?.sockets !== undefined);
      const seen = new Set<string | undefined>();
      let isBack = false;
      const back = own.restart().then(() => (isBack = true));
      while (!isBack) {
        seen.add((await rowOf(run, name))?.status);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await back;
      const later = await docker.run();
      await until('the later one', async () => (await rowOf(run, later.name))?.status === 'running', 60_000);
      seen.add((await rowOf(run, name))?.status);
      expect([...seen]).toEqual(['running']);
      await docker.remove(later.id);
      await until('its end', async () => (await rowOf(run, later.name))?.status === 'stopped', 60_000);
    }, 300_000);

    it('for a minute, with its containers: rows stop, serve goes on and says it once, and all is back by itself', async () => {
      own = await startOwnEngine([]);
      const { docker } = own;
      const containers = [await docker.run(), await docker.run()];
      const [first, second] = containers.map(({ name }) => name) as [string, string];
      const stays = createNetns();
      await (await populate(stays)).order({ port: 8080, open: 5, closing: 0 });
      // Beside what the Engine has: it is read on while that is away.
      const run = await start([first, second, `netns:${stays.name}`], { env: { DOCKER_HOST: docker.endpoint } });
      const statuses = async () => [(await rowOf(run, first))?.status, (await rowOf(run, second))?.status];
      const notes: { atMs: number; note: string }[] = [];
      const look = async () => {
        const { atMs, notes: said } = (await run.ask('overview')) as OverviewAnswer;
        if (notes.at(-1)?.atMs !== atMs) for (const note of said) notes.push({ atMs, note });
        return atMs;
      };
      for (const name of [first, second])
        await until('its row', async () => (await rowOf(run, name))?.sockets !== undefined);
      await own.down();
      await until('the end of both', async () => {
        await look();
        return (await statuses()).every((status) => status === 'stopped');
      });
      const downMs = await look();
      await until('a minute of ticks', async () => (await look()) >= downMs + 60_000, 300_000);
      expect(await statuses()).toEqual(['stopped', 'stopped']);
      expect((await rowOf(run, `netns:${stays.name}`))?.sockets?.byState.ESTABLISHED).toBe(established(stays));
      for (const name of [first, second]) {
        const said = notes.filter(({ note }) => note.startsWith(`${name}: `)).map(({ note }) => note);
        expect(said.length).toBeLessThanOrEqual(1);
      }
      const ofEngine = notes.filter(({ note }) => note.includes('docker.sock') || /\bEngine\b/.test(note));
      expect(ofEngine.map(({ note }) => note).filter((note, index, all) => all.indexOf(note) !== index)).toEqual([]);
      await own.up();
      for (const { id } of containers) await docker.ask('POST', `/containers/${id}/start`);
      await until('both again', async () => (await statuses()).every((status) => status === 'running'), 120_000);
      for (const name of [first, second])
        await until('its numbers', async () => (await rowOf(run, name))?.sockets !== undefined, 120_000);
      const { rows } = (await run.ask('overview')) as OverviewAnswer;
      expect(rows.filter(({ name }) => name === first || name === second)).toHaveLength(2);
    }, 900_000);
  });

describe('serve: what it is told to do', () => {
  it('keeps the last minutes at SIGUSR2', async () => {
    const netns = createNetns();
    const data = fs.mkdtempSync(path.join(folder, 'data-'));
    const run = await start([`netns:${netns.name}`], { data });
    process.kill(run.pid, 'SIGUSR2');
    await until('the incident', async () => {
      const { incidents } = (await run.ask('incidents')) as { incidents: { cause: string }[] };
      return incidents.some(({ cause }) => cause === 'SIGUSR2');
    });
    expect(socklens(['incident', 'list', '--data', data]).stdout).toContain('SIGUSR2');
  }, 120_000);

  it('keeps no external address in the recording of an incident where that is configured', async () => {
    const netns = createNetns();
    for (const address of ['203.0.113.7/32', '10.77.0.7/32']) netns.run('ip', 'address', 'add', address, 'dev', 'lo');
    const workshop = netns.spawn(nodeProgram(), ['-e', EXTERNAL], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(workshop.stdout as NodeJS.ReadableStream, 'data');
    const data = fs.mkdtempSync(path.join(folder, 'data-'));
    const config = path.join(folder, 'privacy.toml');
    fs.writeFileSync(config, '[privacy]\nexternal_addresses = "truncate"\n');
    const run = await start([`netns:${netns.name}`, '--config', config], { data });
    const name = `netns:${netns.name}`;
    await until('its sockets', async () => ((await rowOf(run, name))?.sockets?.byState.ESTABLISHED ?? 0) === 4);
    process.kill(run.pid, 'SIGUSR2');
    await until('the incident', async () => {
      const { incidents } = (await run.ask('incidents')) as { incidents: unknown[] };
      return incidents.length === 1;
    });
    // What is being recorded is made of what there is.
    await run.stop();
    const [file = ''] = fs.readdirSync(path.join(data, 'incidents')).filter((one) => one.endsWith('.slr'));
    const text = zlib.gunzipSync(fs.readFileSync(path.join(data, 'incidents', file))).toString();
    expect(text).toContain('10.77.0.7');
    expect(text).toContain('203.0.113.0');
    expect(text).not.toContain('203.0.113.7');
    const listed = socklens(['ls', 'all', '--from', path.join(data, 'incidents', file), '--json']).stdout;
    expect(listed).toContain('203.0.113.0');
  }, 120_000);

  it('closes sockets and sets limits only with --allow-actions', async () => {
    const netns = createNetns();
    const population = await populate(netns);
    await population.order({ port: 8080, open: 10, closing: 0 });
    const target = `netns:${netns.name}`;
    const kill = `kill?target=${target}&filter=state%20established&yes=1`;
    const limits = `limits?target=pid:${population.pid}&set=nofile=4321:5432&yes=1`;
    const limitOf = () =>
      /^Max open files\s+(\d+)\s+(\d+)/m.exec(fs.readFileSync(`/proc/${population.pid}/limits`, 'utf8'))?.slice(1, 3);
    const before = limitOf();
    const refusing = await start([target]);
    for (const what of [kill, limits]) expect((await post(refusing, what)).status).toBe(403);
    expect([established(netns), limitOf()]).toEqual([20, before]);
    await refusing.stop();
    const run = await start([target, '--allow-actions']);
    const without = await post(run, kill.replace('&yes=1', ''));
    expect([without.ok, established(netns)]).toEqual([false, 20]);
    expect((await post(run, limits)).status).toBe(200);
    expect(limitOf()).toEqual(['4321', '5432']);
    expect((await post(run, kill)).status).toBe(200);
    await until('no connection', () => established(netns) === 0);
  }, 180_000);
});
