/** Programs of real runtimes, against what the test installed and what the runtime prints. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type StackFacts, settingOf } from '../../../src/model/stack/stack-facts.ts';
import { wordsFor } from '../../../src/stacks/words-for.ts';
import { createNetns, nodeProgram, removeAllNetns, until } from '../../support/netns.ts';
import { startPhpFpm } from '../../support/software/php-fpm.ts';
import { missingProgram, stopSoftware } from '../../support/software/program.ts';
import { startGunicorn, startUvicorn } from '../../support/software/python-servers.ts';
import { lookAt } from '../../support/stacks.ts';

const SECRET = 'hunter2-secret';
const ENVIRONMENT = { ...process.env, DATABASE_URL: `mysql://root:${SECRET}@db/shop` };

const children: ChildProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
  await stopSoftware();
  removeAllNetns();
});

function looked(pid: number): StackFacts {
  const facts = lookAt(pid);
  expect(JSON.stringify(facts)).not.toContain(SECRET);
  return facts;
}

function folder(): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-stack-'));
  folders.push(made);
  return made;
}

/** Starts a program that prints a line when it is ready, and ends with its stdin. */
async function start(program: string, args: readonly string[], cwd: string): Promise<number> {
  const child = spawn(program, args, { cwd, env: ENVIRONMENT, stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

test('Node: mysql2 as it is installed here, also from another working directory', async () => {
  const installed = path.resolve('node_modules/mysql2/package.json');
  const { version } = JSON.parse(fs.readFileSync(installed, 'utf8')) as { version: string };
  const script = path.resolve('node_modules/.socklens-stack-test.cjs');
  folders.push(script);
  fs.writeFileSync(script, "require('mysql2'); console.log('ready'); process.stdin.resume();");
  for (const cwd of [path.resolve('.'), '/']) {
    const given = path.relative(cwd, script);
    const facts = looked(await start(nodeProgram(), ['--no-warnings', given, `--password=${SECRET}`], cwd));
    expect(facts.stack).toBe('Node.js');
    expect(facts.libraries).toContainEqual({ name: 'mysql2', version, proof: 'installed', path: installed });
    expect(wordsFor(facts, 'MySQL')?.words.cap.snippet(5)).toBe('mysql.createPool({ connectionLimit: 5 })');
  }
});

test.skipIf(missingProgram('python3'))('Python: what is loaded is told from what is only installed', async () => {
  const code = `import psycopg2, sys; key = "${SECRET}"; print("ready", flush=True); sys.stdin.read()`;
  const facts = looked(await start('/usr/bin/python3', ['-c', code], '/'));
  const version = /(\d+\.\d+)/.exec(execFileSync('/usr/bin/python3', ['--version'], { encoding: 'utf8' }))?.[1];
  expect(facts).toMatchObject({ stack: 'Python', version });
  const driver = facts.libraries.find(({ name }) => name === 'psycopg2');
  const print = 'import importlib.metadata as m; print(m.version("psycopg2"), m.version("sqlalchemy"))';
  const [own, wrapper] = execFileSync('/usr/bin/python3', ['-c', print], { encoding: 'utf8' }).trim().split(' ');
  expect(driver).toMatchObject({ proof: 'loaded', version: own });
  expect(driver?.path).toMatch(/\/psycopg2\/_psycopg.*\.so$/);
  expect(facts.libraries).toContainEqual(expect.objectContaining({ name: 'SQLAlchemy', version: wrapper }));
});

test.skipIf(missingProgram('python3'))('Python: a virtual environment has its own packages alone', async () => {
  const home = folder();
  execFileSync('/usr/bin/python3', ['-m', 'venv', '--without-pip', home]);
  const packages = execFileSync(`${home}/bin/python3`, ['-c', 'import site; print(site.getsitepackages()[0])'], {
    encoding: 'utf8',
  }).trim();
  fs.mkdirSync(`${packages}/PyMySQL-1.1.0.dist-info`);
  const code = 'import sys; print("ready", flush=True); sys.stdin.read()';
  const facts = looked(await start('bin/python3', ['-c', code], home));
  expect(facts.libraries).toEqual([
    { name: 'PyMySQL', version: '1.1.0', proof: 'installed', path: `${packages}/PyMySQL-1.1.0.dist-info` },
  ]);
});

const WSGI = 'def app(environ, start_response):\n  start_response("200 OK", [])\n  return [b""]\n';
const ASGI = 'async def app(scope, receive, send):\n  pass\n';

test.skipIf(missingProgram('gunicorn'))(
  'gunicorn: workers are counted, whichever of its processes is asked',
  async () => {
    const netns = createNetns();
    const { pid } = await startGunicorn(netns, {
      source: WSGI,
      args: ['--backlog', '99', '--env', `KEY=${SECRET}`],
      env: { WEB_CONCURRENCY: '3' },
    });
    const workers = await until('the workers', () => {
      const pids = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
      return pids.length === 3 && pids.map(Number);
    });
    for (const one of [pid, workers[0] ?? 0]) {
      const facts = looked(one);
      expect(facts).toMatchObject({ stack: 'Python', server: 'gunicorn', workers: 3, keepsAlive: false });
      expect(settingOf(facts, '--backlog')).toMatchObject({ value: 99, proof: 'command line' });
    }
  },
);

test.skipIf(missingProgram('uvicorn'))('uvicorn: its settings', async () => {
  const { pid } = await startUvicorn(createNetns(), {
    source: ASGI,
    args: ['--timeout-keep-alive', '75', '--backlog', '77'],
  });
  const facts = looked(pid);
  expect(facts).toMatchObject({ stack: 'Python', server: 'uvicorn', keepsAlive: true });
  expect(settingOf(facts, '--timeout-keep-alive')).toMatchObject({ value: 75_000, unit: 'ms' });
  expect(settingOf(facts, '--backlog')).toMatchObject({ value: 77 });
});

test.skipIf(missingProgram('javac'))(
  'Java: a jar that it has opened, and one that is packed into another',
  async () => {
    const home = folder();
    fs.writeFileSync(
      `${home}/Main.java`,
      `public class Main { public static void main(String[] a) throws Exception {
  try { Class.forName("none.Such"); } catch (ClassNotFoundException e) { }
  System.out.println("ready"); System.in.read(); } }`,
    );
    execFileSync('javac', ['Main.java'], { cwd: home });
    const jar = (name: string, files: Record<string, string>) => {
      for (const [file, text] of Object.entries(files)) {
        fs.mkdirSync(path.dirname(`${home}/in/${file}`), { recursive: true });
        fs.writeFileSync(`${home}/in/${file}`, text);
      }
      execFileSync('jar', ['cf', `${home}/${name}`, '-C', `${home}/in`, '.']);
      fs.rmSync(`${home}/in`, { recursive: true });
    };
    jar('HikariCP-5.0.1.jar', { 'x.txt': '' });
    jar('app.jar', { 'BOOT-INF/lib/mysql-connector-j-8.0.33.jar': '' });
    jar('shaded.jar', { 'org/postgresql/Driver.class': '' });
    const args = [`-Dpassword=${SECRET}`, '-cp', 'HikariCP-5.0.1.jar:app.jar:shaded.jar:.', 'Main'];
    const facts = looked(await start('java', args, home));
    const printed = execFileSync('sh', ['-c', 'java -version 2>&1'], { encoding: 'utf8' });
    expect(facts).toMatchObject({ stack: 'Java', version: /version "([\d.]+)/.exec(printed)?.[1] });
    expect(facts.libraries).toEqual([
      { name: 'HikariCP', version: '5.0.1', proof: 'loaded', path: `${home}/HikariCP-5.0.1.jar` },
      { name: 'MySQL Connector/J', version: '8.0.33', proof: 'packed', path: `${home}/app.jar` },
      { name: 'PostgreSQL JDBC', proof: 'packed', path: `${home}/shaded.jar` },
    ]);
    expect(wordsFor(facts, 'MySQL')?.words.where).toBe('Java, HikariCP');
  },
);

test.skipIf(missingProgram('php-fpm') && missingProgram('php-fpm8.2'))('PHP-FPM: the limit of its pool', async () => {
  const { pid } = await startPhpFpm(createNetns(), {
    source: '<?php echo 1;',
    set: { 'pm.max_children': 3, 'env[KEY]': SECRET },
  });
  const facts = looked(pid);
  expect(facts.stack).toBe('PHP-FPM');
  expect(settingOf(facts, 'pm.max_children')).toMatchObject({ value: 3, proof: 'configuration file' });
});

test.skipIf(missingProgram('rustc'))('Rust: a crate by the paths of its panics, without symbols', async () => {
  const home = folder();
  const crate = `${home}/registry/src/index/sqlx-core-0.7.4/src`;
  fs.mkdirSync(crate, { recursive: true });
  fs.writeFileSync(`${crate}/lib.rs`, 'pub fn get(v: &[u8], i: usize) -> u8 { if i > 9 { panic!("no {}", i) } v[i] }');
  fs.writeFileSync(
    `${home}/main.rs`,
    'use std::io::Read; fn main() { println!("ready"); let mut b = vec![0; 9]; let n = std::io::stdin().read(&mut b).unwrap(); println!("{}", sqlx_core::get(&b, n)); }',
  );
  execFileSync('rustc', [
    '--crate-type=rlib',
    '--crate-name=sqlx_core',
    `${crate}/lib.rs`,
    '-o',
    `${home}/libsqlx_core.rlib`,
  ]);
  execFileSync(
    'rustc',
    ['main.rs', '-C', 'strip=symbols', '--extern', `sqlx_core=${home}/libsqlx_core.rlib`, '-o', 'main'],
    { cwd: home },
  );
  const facts = looked(await start(`${home}/main`, [], home));
  expect(facts).toMatchObject({ stack: 'Rust', libraries: [{ name: 'sqlx-core', version: '0.7.4', proof: 'linked' }] });
});
