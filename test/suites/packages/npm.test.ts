import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNetns, nodeProgram, until } from '../../support/netns.ts';
import { CHECKOUT, HANG_MS, releaseFile, VERSION } from './release.ts';

const VERSIONS = path.join(import.meta.dirname, 'node-versions/node_modules');

/** Each with the Node that runs npm too. For arm64 there is the checkout's own alone. */
const NODES = [
  ['22', `${VERSIONS}/node-22/bin/node`],
  ['24', nodeProgram()],
  ['26', `${VERSIONS}/node-26/bin/node`],
].filter(([major, file]) => major === '24' || process.arch === 'x64' || fs.existsSync(file ?? ''));

describe.each(NODES)('the package for npm with Node %s', (major, node) => {
  /** Empty before the installation. */
  let prefix: string;
  let env: Record<string, string>;

  beforeAll(() => {
    prefix = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-npm-'));
    env = { ...(process.env as Record<string, string>), PATH: `${path.dirname(node ?? '')}:${process.env.PATH}` };
    const install = [
      'install',
      '--global',
      '--loglevel',
      'notice',
      // Of npm itself, once a week.
      '--no-update-notifier',
      '--prefix',
      prefix,
      releaseFile(`socklens-${VERSION}.tgz`),
    ];
    const { status, stdout, stderr } = spawnSync('npm', install, {
      cwd: prefix,
      env,
      encoding: 'utf8',
      timeout: HANG_MS,
    });
    expect(stdout).toMatch(/^added 2 packages/m);
    // Nothing is deprecated, nothing wants to run a script, nothing is wrong with this Node.
    expect([status, stderr]).toEqual([0, '']);
  });
  afterAll(() => fs.rmSync(prefix, { recursive: true, force: true }));

  const socklens = (...args: string[]) =>
    spawnSync(`${prefix}/bin/socklens`, args, { cwd: '/', env, encoding: 'utf8' });

  test('two packages, at most 8 MB', () => {
    const found = execFileSync('find', [prefix, '-name', 'package.json'], { encoding: 'utf8' }).trim().split('\n');
    const folders = found.map(path.dirname).filter((folder) => /node_modules\/(@[^/]+\/)?[^/]+$/.test(folder));
    const socklens = `${prefix}/lib/node_modules/socklens`;
    const native = `${socklens}/node_modules/@koromix/koffi-linux-${process.arch}`;
    expect(folders.sort()).toEqual([socklens, native].sort());
    expect(Number(execFileSync('du', ['-sk', prefix], { encoding: 'utf8' }).split('\t')[0])).toBeLessThan(8000);
  });

  test('this Node runs it, and the kernel answers', async () => {
    const said = spawnSync(`${prefix}/bin/socklens`, ['version'], {
      env: { ...env, NODE_OPTIONS: '--import=data:text/javascript,console.log(process.version)' },
      encoding: 'utf8',
    });
    expect(said.stdout).toMatch(new RegExp(`^v${major}\\.\\S+\n${VERSION.replaceAll('.', '\\.')}\n$`));
    const { stdout, stderr } = socklens('ls', `pid:${process.pid}`, '-t', '--json');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ source: 'sock_diag' });
    // In a namespace where nobody else begins to listen between the two.
    using netns = createNetns();
    const { pid } = netns.spawn('busybox', ['nc', '-l', '-p', '4084'], { stdio: 'ignore' });
    const listening = () => netns.run('netstat', '-tln').split('\n').slice(2).sort();
    await until('the listener', () => listening().some((line) => line.includes(':4084 ')));
    expect(socklens('netstat', `pid:${pid}`, '-tln').stdout.split('\n').slice(2).sort()).toEqual(listening());
  });

  test('the pages of the rules and the manual page are in it', () => {
    const page = fs.readFileSync(path.join(CHECKOUT, 'docs/rules/CLOSE_WAIT_LEAK.md'), 'utf8');
    expect(socklens('explain', 'CLOSE_WAIT_LEAK').stdout).toBe(page);
    expect(fs.readFileSync(`${prefix}/share/man/man1/socklens.1`, 'utf8')).toContain('.TH SOCKLENS 1');
  });

  test('serve: its page and its history are in it', async () => {
    const data = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-npm-'));
    const args = ['serve', `pid:${process.pid}`, '--listen', '127.0.0.1:0', '--data', data];
    const child = spawn(`${prefix}/bin/socklens`, args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (piece: Buffer) => (out += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => (err += piece.toString()));
    try {
      const link = await until('the link', () => {
        if (child.exitCode !== null) throw new Error(`serve ended: ${err}`);
        return /http:\S+/.exec(out)?.[0];
      });
      const { origin } = new URL(link);
      await until('the first sample', async () => (await fetch(`${origin}/readyz`)).ok);
      const page = await (await fetch(origin)).text();
      const names = [...page.matchAll(/(?:src|href)="([\w.-]+\.(?:js|css))"/g)].map(([, name]) => name);
      expect(names.length).toBeGreaterThan(1);
      for (const name of names) expect([name, (await fetch(`${origin}/${name}`)).status]).toEqual([name, 200]);
      expect(fs.existsSync(`${data}/history.db`)).toBe(true);
    } finally {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      fs.rmSync(data, { recursive: true });
    }
    expect(err).toBe('');
  });

  test('the library is imported, and its types need no other package', () => {
    const project = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-npm-'));
    fs.mkdirSync(`${project}/node_modules/@types`, { recursive: true });
    fs.symlinkSync(`${prefix}/lib/node_modules/socklens`, `${project}/node_modules/socklens`);
    fs.cpSync(path.join(CHECKOUT, 'node_modules/@types/node'), `${project}/node_modules/@types/node`, {
      recursive: true,
    });
    fs.cpSync(path.join(CHECKOUT, 'node_modules/undici-types'), `${project}/node_modules/undici-types`, {
      recursive: true,
    });
    const program = `import { localMachine, openSnapshot } from 'socklens';
const snapshot = await openSnapshot(localMachine({}), { target: 'pid:${process.pid}' });
const [netns] = snapshot.namespaces;
console.log(netns !== undefined);
snapshot.close();
`;
    fs.writeFileSync(`${project}/main.mts`, program);
    fs.writeFileSync(`${project}/main.mjs`, program);
    const tsc = path.join(CHECKOUT, 'node_modules/typescript/bin/tsc');
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      'node',
      'main.mts',
    ];
    const checked = spawnSync(nodeProgram(), [tsc, ...options], { cwd: project, encoding: 'utf8' });
    expect([checked.status, checked.stdout]).toEqual([0, '']);
    expect(execFileSync(node ?? '', ['main.mjs'], { cwd: project, encoding: 'utf8' })).toBe('true\n');
    fs.rmSync(project, { recursive: true });
  });
});

test('without its library for system calls: from /proc, with one note that says why', () => {
  const prefix = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-npm-'));
  const env = { ...process.env, PATH: `${path.dirname(nodeProgram())}:${process.env.PATH}` };
  const install = ['install', '--omit=optional', '--prefix', prefix, releaseFile(`socklens-${VERSION}.tgz`)];
  expect(spawnSync('npm', install, { cwd: prefix, env, encoding: 'utf8' }).status).toBe(0);
  const ls = (...more: string[]) =>
    spawnSync(`${prefix}/node_modules/.bin/socklens`, ['ls', `pid:${process.pid}`, '-t', ...more], {
      env,
      encoding: 'utf8',
    });
  expect(JSON.parse(ls('--json').stdout)).toMatchObject({ source: 'procfs' });
  expect(ls().stderr).toMatch(/^socklens: [^\n]*@koromix\/koffi-linux-\w+ is not installed[^\n]*\n$/);
  fs.rmSync(prefix, { recursive: true });
});
