/** `socklens serve --hosts-only` as an ordinary user runs it, over a store that the test answers for. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HostsAnswer } from '../../src/serve/protocol/hosts.ts';
import type { SessionAnswer } from '../../src/serve/protocol.ts';
import { LAUNCHER, socklens } from '../support/cli.ts';
import { until } from '../support/netns.ts';
import { NO_OTHER_USER, otherUser } from '../support/other-user.ts';
import { type ServeRun, startServe } from '../support/page/serve.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-hosts-test-'));
const user = otherUser();
let store: http.Server;
let storeUrl: string;
/** `Authorization` of the last question. */
let authorization: string | undefined;
let serve: ServeRun | undefined;

/** One host that is there. */
const INFO = {
  metric: { job: 'socklens', instance: 'db-1:9477', host: 'db-1', url: 'http://db-1:7077' },
  value: [1, '1'],
};

beforeAll(async () => {
  store = http.createServer(async (request, response) => {
    authorization = request.headers.authorization;
    let asked = '';
    for await (const piece of request) asked += piece;
    const query = new URLSearchParams(asked).get('query') ?? '';
    const isVector = request.url?.startsWith('/api/v1/query');
    const result = query.includes('last_over_time(socklens_instance_info') ? [INFO] : [];
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ status: 'success', data: isVector ? { resultType: 'vector', result } : [] }));
  });
  await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
  storeUrl = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
  fs.chmodSync(folder, 0o755);
});
afterEach(async () => {
  await serve?.stop();
  serve = undefined;
});
afterAll(() => {
  store.closeAllConnections();
  store.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A folder of that user's own, who may not look into others'. */
function ownFolder(): string {
  const own = fs.mkdtempSync(path.join(folder, 'data-'));
  if (user !== undefined) fs.chownSync(own, user, user);
  return own;
}

const asUser = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--inh-caps=-all', '--'];

describe.skipIf(user === undefined)(`serve --hosts-only (${NO_OTHER_USER} otherwise)`, () => {
  it('needs no privilege, and has the hosts of the store and nothing of this machine', async () => {
    const data = ownFolder();
    const token = path.join(data, 'store.token');
    fs.writeFileSync(token, 'of-the-store\n', { mode: 0o600 });
    if (user !== undefined) fs.chownSync(token, user, user);
    const args = ['--hosts-only', `--store=${storeUrl}`, `--store-token-file=${token}`];
    serve = await startServe(args, { data, within: asUser });
    expect(((await serve.ask('session')) as SessionAnswer).hosts).toBe('only');
    const { hosts, store: name } = (await serve.ask('hosts')) as HostsAnswer;
    expect(hosts.map(({ host, status, url }) => [host, status, url])).toEqual([['db-1', 'live', 'http://db-1:7077']]);
    expect(name).toBe(new URL(storeUrl).host);
    expect(authorization).toBe('Bearer of-the-store');
    await expect(serve.ask('overview')).rejects.toThrow('404');
    await expect(serve.ask('ps')).rejects.toThrow('404');
    expect((await fetch(`${serve.origin}/metrics`)).status).toBe(404);
    expect((await fetch(`${serve.origin}/api/v1/hosts`)).status).toBe(401);
    expect((await fetch(`${serve.origin}/readyz`)).status).toBe(200);
    const page = await (await fetch(`${serve.origin}/`)).text();
    expect(page).toContain('<div id="app">');
    expect(serve.output()).not.toContain('of-the-store');
    // Nothing of a history.
    expect(fs.readdirSync(data).sort()).toEqual(['serve.json', 'store.token']);
    const { stdout } = socklens(['serve', '--link', '--data', data]);
    expect(stdout).toBe(`${serve.link}\n`);
  });

  it('SIGHUP: hosts of the file that nothing is stored of, on the page and for Prometheus', async () => {
    const config = path.join(folder, 'hosts.toml');
    const write = (hosts: readonly string[]) =>
      fs.writeFileSync(
        config,
        `[serve]\nhosts-only = true\nstore = ${JSON.stringify(storeUrl)}\nhosts = ${JSON.stringify(hosts)}\n`,
      );
    write(['db-1:9477']);
    const run = await startServe(['--config', config], { data: ownFolder(), within: asUser });
    serve = run;
    const told = async () => (await (await fetch(`${run.origin}/sd`)).json()) as unknown;
    expect(await told()).toEqual([{ targets: ['db-1:9477'], labels: {} }]);
    write(['db-1:9477', 'web-1:9477']);
    process.kill(run.pid, 'SIGHUP');
    await until('the new list', async () => JSON.stringify(await told()).includes('web-1:9477'));
    const missing = await until('the new host', async () => {
      const { hosts } = (await run.ask('hosts')) as HostsAnswer;
      return hosts.find(({ instance }) => instance === 'web-1:9477');
    });
    expect(missing).toMatchObject({ status: 'unknown', notes: [] });
  });

  it('a store that does not answer: said, by its host alone', async () => {
    serve = await startServe(['--hosts-only', '--store=http://127.0.0.1:1/prometheus'], {
      data: ownFolder(),
      within: asUser,
    });
    await expect(serve.ask('hosts')).rejects.toThrow(/503.*the store 127\.0\.0\.1:1 does not answer/);
  });
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('serve --hosts-only', () => {
  it.skipIf(!hasSystemd)(
    'the unit of deploy/: systemd finds no fault, and its options are taken (systemd otherwise)',
    () => {
      const shipped = path.resolve(import.meta.dirname, '../../deploy/systemd/socklens-hosts.service');
      const text = fs.readFileSync(shipped, 'utf8');
      const unit = path.join(folder, 'socklens-hosts.service');
      fs.writeFileSync(unit, text.replace('/usr/bin/socklens', LAUNCHER));
      const { status, stderr, stdout } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], {
        encoding: 'utf8',
      });
      // Units of the machine itself are verified too.
      const told = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('socklens'));
      expect([status, told]).toEqual([0, []]);
      // All but the folders, which systemd makes.
      const options = /^ExecStart=\S+ serve (.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
      const config = path.join(folder, 'none.toml');
      fs.writeFileSync(config, '');
      const own = options.map((option) =>
        option.replace('/etc/socklens/hosts.toml', config).replace('/var/lib/socklens-hosts', folder),
      );
      expect(socklens(['serve', ...own, '--listen=127.0.0.1:0']).stderr).toContain('needs the store of the hosts');
    },
  );

  it.each([
    [['--hosts-only'], 'needs the store of the hosts; pass --store http://HOST:9090'],
    [['--hosts-only', '--store=http://127.0.0.1:1', 'web-1'], 'watches nothing on this machine; leave TARGET out'],
    [['--hosts-only', '--store=http://127.0.0.1:1', '--history-size=1GB'], 'leave --history-size out'],
    [['--hosts-only', '--store=http://127.0.0.1:1', '--push=http://127.0.0.1:1'], 'leave --push out'],
    [['--hosts-only', '--store=http://127.0.0.1:1', '--install'], 'deploy/systemd has a unit for it'],
    [['--hosts-only', '--store=banana'], '--store: "banana" is no URL'],
  ])('%j is refused: %s', (args, message) => {
    const { status, stderr } = socklens(['serve', ...args, '--listen=127.0.0.1:0', `--data=${folder}/none`]);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('[serve] hosts: what is no host and port is refused, with the name of the file', () => {
    const config = path.join(folder, 'wrong.toml');
    fs.writeFileSync(config, '[serve]\nhosts = ["http://db-1:9477"]\n');
    const { status, stderr } = socklens(['serve', '--config', config, '--listen=127.0.0.1:0']);
    expect(status).toBe(2);
    expect(stderr).toContain(`${config}: serve.hosts: "http://db-1:9477" is no host and port`);
  });
});
