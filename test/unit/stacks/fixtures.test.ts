/** Stacks on fixture files: what no package of Debian or npm has, and files with secrets in every place. */
import { describe, expect, test } from 'vitest';
import { isProven, type StackFacts, settingOf } from '../../../src/model/stack/stack-facts.ts';
import { readStack } from '../../../src/stacks/read-stack.ts';
import { wordsFor } from '../../../src/stacks/words-for.ts';
import { type Fixture, fixtureProcess } from '../../support/fixture-process.ts';

const SECRET = 'hunter2-secret';

/** The facts, without a secret in them. */
function read(fixture: Fixture): StackFacts {
  const facts = readStack(fixtureProcess(fixture));
  expect(JSON.stringify(facts)).not.toContain(SECRET);
  return facts;
}

describe('MariaDB (fixture files)', () => {
  const files = {
    '/etc/mysql/my.cnf': `[client]\npassword = ${SECRET}\nmax_connections = 1\n[mysqld]\nmax-connections = 200 # many\ninit_connect = "${SECRET}"\n!includedir /etc/mysql/conf.d/\n`,
    '/etc/mysql/conf.d/b.cnf': '[mariadb-10.11]\nmax_connections = 300\nwait_timeout=60\n',
    '/etc/mysql/conf.d/a.cnf': '[server]\nmax_connections = 250\ndatadir = /data\n',
    '/etc/mysql/conf.d/not-read.txt': '[mysqld]\nmax_connections = 999\n',
    '/data/mysql_upgrade_info': '10.6.12-MariaDB\0',
  };

  test('includes in the order of their names, the last one counts, other groups do not', () => {
    const facts = read({ argv: ['mariadbd', `--init-file=${SECRET}`], exe: '/usr/sbin/mariadbd', files });
    expect(facts).toMatchObject({ stack: 'MariaDB', version: '10.6.12' });
    const setting = settingOf(facts, 'max_connections');
    expect(setting).toEqual({
      name: 'max_connections',
      value: 300,
      proof: 'default path',
      path: '/etc/mysql/conf.d/b.cnf',
      line: 2,
    });
    expect(setting && isProven(setting)).toBe(false);
  });

  test('the command line beats every file; a file that it names counts unless it was changed since', () => {
    const named = { '/my.cnf': '[mysqld]\nmax_connections = 77\nback_log = 5\n' };
    const argv = ['mysqld', '--defaults-file=/my.cnf', '--max_connections=88'];
    const facts = read({ argv, exe: '/usr/sbin/mysqld', files: { ...files, ...named } });
    expect(facts.stack).toBe('MySQL');
    expect(settingOf(facts, 'max_connections')).toEqual({ name: 'max_connections', value: 88, proof: 'command line' });
    const backlog = settingOf(facts, 'back_log');
    expect(backlog).toMatchObject({ value: 5, proof: 'configuration file', line: 3 });
    expect(backlog && isProven(backlog)).toBe(true);
    const edited = settingOf(read({ argv, exe: '/usr/sbin/mysqld', files: named, changed: ['/my.cnf'] }), 'back_log');
    expect(edited).toMatchObject({ value: 5, changed: true });
    expect(edited && isProven(edited)).toBe(false);
  });

  test('a file that includes itself ends', () => {
    const loop = { '/etc/my.cnf': '!include /etc/my.cnf\n[mysqld]\nmax_connections = 9\n' };
    expect(settingOf(read({ argv: ['mysqld'], exe: '/usr/sbin/mysqld', files: loop }), 'max_connections')?.value).toBe(
      9,
    );
  });
});

test('PostgreSQL (fixture files): a control file of another version is not guessed at', () => {
  const control = Buffer.alloc(8192);
  control.writeUInt32LE(1700, 8);
  control.writeInt32LE(4711, 180);
  const files = {
    '/data/PG_VERSION': '17\n',
    '/data/global/pg_control': control,
    '/data/postgresql.conf':
      "max_connections = 100\t# (change requires restart)\nssl_passphrase_command = 'echo hunter2-secret'\ninclude_dir 'conf.d'\n",
    '/data/conf.d/x.conf': 'max_connections 120\nidle_session_timeout = 5min\n',
    '/data/postgresql.auto.conf': "max_connections = '140'\n",
  };
  const facts = read({ argv: ['postgres'], exe: '/usr/lib/postgresql/17/bin/postgres', cwd: '/data', files });
  expect(facts).toMatchObject({ stack: 'PostgreSQL', version: '17' });
  expect(settingOf(facts, 'max_connections')).toMatchObject({ value: 140, path: '/data/postgresql.auto.conf' });
  expect(settingOf(facts, 'idle_session_timeout')).toMatchObject({ value: 300_000, unit: 'ms' });
});

test('PostgreSQL (fixture files): sessions that hold others up are counted, and nothing else of their titles is kept', () => {
  const children = [
    ['postgres: checkpointer '],
    [`postgres: app ${SECRET} 10.0.0.2(40000) idle in transaction`],
    [`postgres: main: app ${SECRET} [local] idle in transaction (aborted)`],
    [`postgres: app ${SECRET} 10.0.0.2(40002) UPDATE waiting`],
    [`postgres: app ${SECRET} 10.0.0.2(40004) idle`],
  ];
  const exe = '/usr/lib/postgresql/17/bin/postgres';
  expect(read({ argv: ['postgres'], exe, children })).toMatchObject({
    sessions: { idleInTransaction: 2, waitingForLock: 1 },
  });
  expect(read({ argv: children[1] ?? [], exe, siblings: children })).toMatchObject({
    sessions: { idleInTransaction: 2, waitingForLock: 1 },
  });
});

test('memcached (fixture limits): a limit of open files that somebody changed is not its limit of connections', () => {
  const of = (argv: string[], nofile: number) =>
    settingOf(read({ argv: ['memcached', ...argv], exe: '/usr/bin/memcached', nofile }), '-c');
  expect(of(['-c', '77'], 77)).toMatchObject({ value: 77, proof: 'running' });
  expect(of(['-c', '77'], 500)).toMatchObject({ value: 77, proof: 'command line' });
  expect(of([], 1024)).toMatchObject({ value: 1024, proof: 'running' });
  expect(of([], 500)).toBeUndefined();
});

test('PHP-FPM (fixture files): a worker has the settings of its pool; environment and values are passed by', () => {
  const files = {
    '/etc/php/fpm.conf': 'include=/etc/php/pool.d/*.conf\n',
    '/etc/php/pool.d/api.conf': `[api]\nenv[PASSWORD] = ${SECRET}\npm = static\npm.max_children = 4 ; four\n`,
    '/etc/php/pool.d/www.conf': `[www]\nphp_admin_value[x] = ${SECRET}\npm.max_children = 9\nlisten.backlog = 64\n`,
  };
  const worker = ['php-fpm: pool api'];
  const facts = read({
    argv: worker,
    exe: '/usr/sbin/php-fpm8.2',
    files,
    parent: ['php-fpm: master process (/etc/php/fpm.conf)'],
    siblings: [worker, worker, ['php-fpm: pool www']],
  });
  expect(facts).toMatchObject({ stack: 'PHP-FPM', version: '8.2', workers: 2 });
  expect(settingOf(facts, 'pm.max_children')).toMatchObject({ value: 4, of: 'api', line: 4 });
  expect(settingOf(facts, 'listen.backlog')).toBeUndefined();
});

test('Ruby (fixture files): puma, gems that are mapped, and those of the lock file', () => {
  const files = {
    '/app/Gemfile.lock': 'GEM\n  specs:\n    activerecord (7.0.4)\n      activemodel (= 7.0.4)\n    pg (1.4.5)\n',
    '/app/config/puma.rb': `workers 3\npersistent_timeout 75\nenvironment "${SECRET}"\nworkers ENV["X"]\n`,
    '/app/config/database.yml': `password: ${SECRET}\n`,
  };
  const worker = ['puma: cluster worker 0: 7 [app]'];
  const facts = read({
    argv: worker,
    exe: '/usr/bin/ruby3.1',
    cwd: '/app',
    files,
    mapped: ['/usr/lib/ruby/gems/3.1.0/gems/mysql2-0.5.4/lib/mysql2/mysql2.so'],
    siblings: [worker, worker],
  });
  expect(facts).toMatchObject({ stack: 'Ruby', version: '3.1', server: 'puma', workers: 2, keepsAlive: true });
  expect(facts.libraries.map(({ name, version, proof }) => `${name} ${version} ${proof}`)).toEqual([
    'activerecord 7.0.4 locked',
    'mysql2 0.5.4 loaded',
    'pg 1.4.5 locked',
  ]);
  expect(wordsFor(facts, 'MySQL')?.words.where).toBe('Rails, ActiveRecord');
});

test('.NET (fixture maps): assemblies that are mapped; no settings file is opened', () => {
  const facts = read({
    argv: ['dotnet', '/app/Shop.dll', `--ConnectionStrings=${SECRET}`],
    exe: '/usr/share/dotnet/dotnet',
    files: { '/app/appsettings.json': `{"Default":"Password=${SECRET}"}` },
    mapped: ['/usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.4/libcoreclr.so', '/app/Npgsql.dll', '/app/Shop.dll'],
  });
  expect(facts).toMatchObject({ stack: '.NET', version: '8.0.4' });
  expect(facts.libraries).toEqual([{ name: 'Npgsql', proof: 'loaded', path: '/app/Npgsql.dll' }]);
  expect(wordsFor(facts, 'PostgreSQL')?.words.cap.snippet(20)).toBe('Maximum Pool Size=20');
});

test('Elixir and RabbitMQ (fixture command lines): the cookie is passed by', () => {
  const exe = '/usr/lib/erlang/erts-13.1.5/bin/beam.smp';
  const elixir = read({
    argv: [exe, '--', '-root', '/opt/rel', '-setcookie', SECRET],
    exe,
    files: {
      '/opt/rel/lib/ecto_sql-3.10.1/ebin/a': '',
      '/opt/rel/lib/postgrex-0.17.1/ebin/a': '',
      '/opt/rel/lib/shop-0.1.0/ebin/a': '',
    },
  });
  expect(elixir.stack).toBe('Erlang');
  expect(elixir.libraries.map(({ name, version }) => `${name} ${version}`).sort()).toEqual([
    'ecto_sql 3.10.1',
    'postgrex 0.17.1',
  ]);
  expect(wordsFor(elixir, 'PostgreSQL')?.words.where).toBe('Elixir, Ecto');
  const rabbit = read({
    argv: [
      exe,
      '-setcookie',
      SECRET,
      '-pa',
      '/usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/ebin',
      '-s',
      'rabbit',
      'boot',
    ],
    exe,
    files: { '/etc/rabbitmq/rabbitmq.conf': `default_pass = ${SECRET}\ntcp_listen_options.backlog = 99\n` },
  });
  expect(rabbit).toMatchObject({ stack: 'RabbitMQ', version: '3.10.8' });
  expect(settingOf(rabbit, 'tcp_listen_options.backlog')?.value).toBe(99);
});

describe('Node (fixture files)', () => {
  const manifest = (version: string) => JSON.stringify({ version, repository: SECRET });

  test('packages of the nearest folder, those that the program names itself', () => {
    const files = {
      '/srv/app/package.json': JSON.stringify({ dependencies: { knex: '1', mysql2: '3' }, config: { key: SECRET } }),
      '/srv/app/node_modules/mysql2/package.json': manifest('3.9.0'),
      '/srv/app/node_modules/@prisma/client/package.json': manifest('5.0.0'),
      '/srv/node_modules/knex/package.json': manifest('3.1.0'),
      '/srv/node_modules/mysql2/package.json': manifest('2.0.0'),
    };
    const facts = read({
      argv: ['node', '--require', 'x.js', 'src/server.js', SECRET],
      exe: '/usr/local/bin/node',
      cwd: '/srv/app',
      files,
    });
    expect(facts.libraries.map(({ name, version }) => `${name} ${version}`)).toEqual(['mysql2 3.9.0', 'knex 3.1.0']);
    expect(wordsFor(facts, 'MySQL')?.words.where).toBe('Node, knex');
  });

  test('PM2 writes the command line as one text; its children are instances', () => {
    const line = ['node /srv/app/server.js'];
    const facts = read({
      argv: line,
      exe: '/usr/local/bin/node',
      cwd: '/',
      files: { '/srv/app/node_modules/pg/package.json': manifest('8.11.0') },
      parent: ['PM2 v7.0.4: God Daemon (/root/.pm2)'],
      siblings: [line, line, line, ['node /srv/app/other.js']],
    });
    expect(facts).toMatchObject({ workers: 3, libraries: [{ name: 'pg', version: '8.11.0' }] });
  });

  test('Yarn without a folder of packages: the lock file', () => {
    const files = {
      '/srv/.pnp.cjs': '',
      '/srv/yarn.lock': '"mysql2@npm:^3":\n  version: 3.24.6\n  resolution: "mysql2@npm:3.24.6"\n',
      '/srv/server.js': '',
    };
    expect(read({ argv: ['node', 'server.js'], exe: '/usr/bin/node', cwd: '/srv', files }).libraries).toEqual([
      { name: 'mysql2', version: '3.24.6', proof: 'locked', path: '/srv/yarn.lock' },
    ]);
  });

  test('a bundle of one file; the names of options prove nothing', () => {
    const filler = 'x'.repeat(200_000);
    const bundle = `${filler};var p={name:"mysql2",version:"3.24.6"};var o={connectionLimit:10,key:"${SECRET}"}`;
    const of = (content: string) =>
      read({ argv: ['node', '/b.js'], exe: '/usr/bin/node', files: { '/b.js': content } }).libraries;
    expect(of(bundle)).toEqual([{ name: 'mysql2', version: '3.24.6', proof: 'bundled', path: '/b.js' }]);
    expect(of(`${filler} connectionLimit max: 10 mysql2`)).toEqual([]);
  });
});

describe('gunicorn (fixture command lines): whether its workers keep connections alive', () => {
  const keepsAlive = (words: string[], parts: Partial<Fixture> = {}) =>
    read({ argv: ['/usr/bin/python3', '/usr/bin/gunicorn', ...words, 'app:app'], exe: '/usr/bin/python3.11', ...parts })
      .keepsAlive;

  test.each<[string[], boolean | undefined]>([
    [[], false],
    [['-w', '4', '--bind', ':80'], false],
    [['-k', 'sync'], false],
    [['-k', 'gthread'], true],
    [['--threads', '4'], true],
    [['--worker-class=gevent'], true],
    [['-k', 'gthread', '--keep-alive', '0'], false],
    [['-k', 'uvicorn.workers.UvicornWorker'], undefined],
  ])('%j: %j', (words, expected) => {
    expect(keepsAlive(words)).toBe(expected);
  });

  test('a configuration file in the working directory', () => {
    const at = (text: string) => keepsAlive([], { files: { '/gunicorn.conf.py': text } });
    expect(at(`workers = 4\nraw_env = ["KEY=${SECRET}"]\n`)).toBe(false);
    expect(at('worker_class = "gthread"  # threads\n')).toBe(true);
    expect(at('worker_class = "uvicorn.workers.UvicornWorker"\n')).toBeUndefined();
    expect(at('def f():\n  threads = 4\n')).toBe(false);
  });
});

test('a program that none of them is', () => {
  expect(read({ argv: ['sleep', SECRET], exe: '/bin/sleep' })).toEqual({
    pid: 4242,
    startTicks: 100,
    path: '/bin/sleep',
    libraries: [],
    settings: [],
    absent: [],
  });
});
