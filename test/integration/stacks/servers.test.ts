/** Settings of real servers of Debian, against what the test set and what the server itself says. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type StackFacts, settingOf } from '../../../src/model/stack/stack-facts.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../../support/netns.ts';
import { startHaproxy } from '../../support/software/haproxy.ts';
import { startMariadb } from '../../support/software/mariadb.ts';
import { startMemcached } from '../../support/software/memcached.ts';
import { startNginx } from '../../support/software/nginx.ts';
import { startPgbouncer } from '../../support/software/pgbouncer.ts';
import { startPostgres } from '../../support/software/postgres.ts';
import { missingProgram, programPath, serviceUser, stopSoftware } from '../../support/software/program.ts';
import { startRedis } from '../../support/software/redis.ts';
import { lookAt } from '../../support/stacks.ts';

const SECRET = 'hunter2-secret';

let netns: TestNetns;

beforeEach(() => {
  netns = createNetns();
});

afterEach(async () => {
  await stopSoftware();
  removeAllNetns();
});

/** The facts, without a secret in them. */
function looked(pid: number): StackFacts {
  const facts = lookAt(pid);
  expect(JSON.stringify(facts)).not.toContain(SECRET);
  return facts;
}

/** `10.11.19` of the version that a program prints. */
function printedVersion(program: string, ...args: string[]): string | undefined {
  return /(\d+\.\d+(?:\.\d+)?)/.exec(execFileSync(programPath(program), args, { encoding: 'utf8' }))?.[1];
}

function startOf(pid: number): number {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
}

test.skipIf(missingProgram('mariadbd'))(
  'MariaDB: the command line, and the product where nothing is given',
  async () => {
    const { pid, query } = await startMariadb(netns, { maxConnections: 60, set: { back_log: 70, wait_timeout: 33 } });
    const facts = looked(pid);
    expect(facts).toMatchObject({
      stack: 'MariaDB',
      startTicks: startOf(pid),
      path: fs.readlinkSync(`/proc/${pid}/exe`),
    });
    expect(settingOf(facts, 'max_connections')).toEqual({ name: 'max_connections', value: 60, proof: 'command line' });
    expect(settingOf(facts, 'back_log')).toMatchObject({ value: 70 });
    expect(settingOf(facts, 'wait_timeout')).toMatchObject({ value: 33_000, unit: 'ms' });
    expect(query('select @@max_connections').trim()).toBe('60');
    const stock = await startMariadb(netns, { port: 3307 });
    expect(settingOf(looked(stock.pid), 'max_connections')).toMatchObject({
      value: Number(stock.query('select @@max_connections')),
      proof: 'default',
    });
  },
);

test.skipIf(missingProgram('postgres') ?? serviceUser() === undefined)(
  'PostgreSQL: the running value, whatever the file says; the same from any of its processes',
  async () => {
    const { pid, query } = await startPostgres(netns, { maxConnections: 44 });
    const facts = looked(pid);
    expect(facts).toMatchObject({ stack: 'PostgreSQL', version: query('show server_version_num').slice(0, 2) });
    const running = settingOf(facts, 'max_connections');
    expect(running).toMatchObject({ value: 44, proof: 'running' });
    expect(running?.path).toMatch(/\/data\/global\/pg_control$/);
    expect(query('show max_connections').trim()).toBe('44');
    const child = Number(query('select pid from pg_stat_activity where backend_type = $$checkpointer$$'));
    expect(settingOf(looked(child), 'max_connections')).toEqual(running);
  },
);

test.skipIf(missingProgram('pgbouncer'))('PgBouncer: its file, without the section of the databases', async () => {
  const { pid, folder } = await startPgbouncer(netns, {
    server: '127.0.0.1:5432',
    poolMode: 'transaction',
    set: { max_client_conn: 150, default_pool_size: 7, server_idle_timeout: 9, auth_query: `select $$${SECRET}$$, $1` },
  });
  const facts = looked(pid);
  expect(facts).toMatchObject({ stack: 'PgBouncer', version: printedVersion('pgbouncer', '--version') });
  const setting = settingOf(facts, 'max_client_conn');
  expect(setting).toMatchObject({ value: 150, proof: 'configuration file' });
  const line = fs.readFileSync(setting?.path ?? '', 'utf8').split('\n')[(setting?.line ?? 0) - 1];
  expect(line).toMatch(/^max_client_conn\s*=\s*150$/);
  expect(setting?.path).toContain(folder);
  expect(settingOf(facts, 'default_pool_size')).toMatchObject({ value: 7 });
  expect(settingOf(facts, 'pool_mode')).toMatchObject({ value: 'transaction' });
  expect(settingOf(facts, 'server_idle_timeout')).toMatchObject({ value: 9000, unit: 'ms' });
});

test.skipIf(missingProgram('redis-server'))('Redis: known by its name, its arguments are gone', async () => {
  const { pid, command } = await startRedis(netns, { set: { maxclients: 321, masterauth: SECRET } });
  const facts = looked(pid);
  expect(facts).toMatchObject({ stack: 'Redis', version: printedVersion('redis-server', '--version') });
  expect(command('config', 'get', 'maxclients')).toContain('321');
  // What is left is a guess, and says so.
  expect(settingOf(facts, 'maxclients')?.proof).toMatch(/^default/);
});

test.skipIf(missingProgram('redis-server'))(
  'Redis without a title of its own: its file and its arguments',
  async () => {
    const { pid } = await startRedis(netns, {
      set: { 'set-proc-title': 'no', maxclients: 321, 'tcp-backlog': 99, masterauth: SECRET },
    });
    const facts = looked(pid);
    expect(settingOf(facts, 'maxclients')).toMatchObject({ value: 321, proof: 'command line' });
    expect(settingOf(facts, 'tcp-backlog')).toMatchObject({ value: 99, proof: 'command line' });
  },
);

test.skipIf(missingProgram('memcached'))('memcached: the running limit is its limit of open files', async () => {
  const { pid } = await startMemcached(netns, { connections: 77, args: ['-b', '55'] });
  const facts = looked(pid);
  expect(facts).toMatchObject({ stack: 'memcached', version: printedVersion('memcached', '-V') });
  expect(settingOf(facts, '-c')).toEqual({ name: '-c', value: 77, proof: 'running' });
  expect(settingOf(facts, '-b')).toMatchObject({ value: 55, proof: 'command line' });
  const stock = await startMemcached(netns, { port: 11212 });
  expect(settingOf(looked(stock.pid), '-c')).toEqual({ name: '-c', value: 1024, proof: 'running' });
});

test.skipIf(missingProgram('haproxy'))('HAProxy: of the process, of a frontend and of a server', async () => {
  const { pid } = await startHaproxy(netns, {
    global: 'maxconn 400',
    defaults: `mode http\ntimeout connect 5s\ntimeout client 30s\ntimeout server 30s\ntimeout http-keep-alive 7s\nstats enable\nstats auth admin:${SECRET}`,
    config: `frontend web\n  bind 127.0.0.1:8080\n  maxconn 50\n  default_backend app\nbackend app\n  server one 127.0.0.1:9 maxconn 5\n`,
    port: 8080,
  });
  const facts = looked(pid);
  expect(facts).toMatchObject({ stack: 'HAProxy', version: printedVersion('haproxy', '-v') });
  expect(settingOf(facts, 'maxconn')).toMatchObject({ value: 400, proof: 'configuration file', of: 'global' });
  expect(facts.settings).toContainEqual(expect.objectContaining({ name: 'maxconn', value: 50, of: 'frontend web' }));
  expect(facts.settings).toContainEqual(
    expect.objectContaining({ name: 'server maxconn', value: 5, of: 'backend app' }),
  );
  expect(settingOf(facts, 'timeout http-keep-alive')).toMatchObject({ value: 7000, unit: 'ms' });
});

test.skipIf(missingProgram('nginx'))('nginx: from a worker as from the master', async () => {
  const { pid, folder } = await startNginx(netns, {
    workers: 3,
    main: `env TOKEN=${SECRET};`,
    events: 'worker_connections 123;',
    http: `keepalive_timeout 42s; server { listen 127.0.0.1:8080 backlog=77; location / { return 200; add_header X-Key "${SECRET}"; } }`,
    port: 8080,
  });
  // Until a worker has named itself it looks like the master that it was forked from.
  const isNamed = (child: string) => fs.readFileSync(`/proc/${child}/cmdline`, 'latin1').startsWith('nginx: worker');
  const worker = await until('the workers', () => {
    const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
    return children.length === 3 && children.every(isNamed) && Number(children[0]);
  });
  for (const facts of [looked(pid), looked(worker)]) {
    expect(facts).toMatchObject({
      stack: 'nginx',
      version: /[\d.]+$/.exec(execFileSync('sh', ['-c', 'nginx -v 2>&1'], { encoding: 'utf8' }).trim())?.[0],
    });
    expect(facts).toMatchObject({ workers: 3, keepsAlive: true });
    expect(settingOf(facts, 'worker_connections')).toMatchObject({
      value: 123,
      proof: 'configuration file',
      path: `${folder}/nginx.conf`,
    });
    expect(settingOf(facts, 'keepalive_timeout')).toMatchObject({ value: 42_000 });
    expect(settingOf(facts, 'backlog')).toMatchObject({ value: 77, of: 'port 8080' });
  }
});
