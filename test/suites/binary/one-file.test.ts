/** What only the one file has: it is alone, and its surroundings have no influence on it. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LAUNCHER } from '../../support/cli.ts';

const CHECKOUT = path.resolve(import.meta.dirname, '../../..');
const KOFFI = path.join(CHECKOUT, 'node_modules/@koromix/koffi-linux-x64/linux_x64/koffi.node');
const BUN = path.join(CHECKOUT, 'node_modules/@oven/bun-linux-x64/bin/bun');
const env = { PATH: process.env.PATH ?? '', DOCKER_HOST: 'unix:///nowhere/docker.sock' };

/** On the disk of the checkout: the file is large. */
let folder: string;
/** A copy of the file in a folder of its own. */
let program: string;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(CHECKOUT, 'dist/one-file-'));
  program = path.join(folder, 'socklens');
  fs.copyFileSync(LAUNCHER, program);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Runs a shell script in a mount namespace of its own; its folder is /mnt there, `$0` is the program. */
function isolated(script: string): { status: number | null; stdout: string; stderr: string } {
  const bound = `mount --bind ${folder} /mnt; cd /; ${script}`;
  return spawnSync('unshare', ['--mount', 'sh', '-ec', bound, '/mnt/socklens'], {
    encoding: 'utf8',
    env,
    timeout: 240_000,
  });
}

/** Script that mounts an empty file system over each folder. */
const emptied = (folders: string, options = 'mode=1777') =>
  `for folder in ${folders}; do mount -t tmpfs -o ${options} tmpfs $folder; done\n`;

const SOCKETS_OF_INIT = '"$0" ls pid:$$ -t --json';
const sourceOf = (stdout: string) => (JSON.parse(stdout) as { source: string }).source;

describe('the files around it', () => {
  /** A file that says that it ran. */
  const files = (marker: string) => ({
    'bunfig.toml': 'preload = ["./evil.js"]\n[run]\npreload = ["./evil.js"]\n[test]\npreload = ["./evil.js"]\n',
    'evil.js': `require('fs').appendFileSync(${JSON.stringify(marker)}, 'ran ')`,
    '.env': 'DOCKER_HOST=unix:///from-dotenv\nBUN_OPTIONS=--preload=./evil.js\n',
    'package.json': '{"name":"evil","imports":{"#x":"./evil.js"}}',
    'tsconfig.json': '{"compilerOptions":{"paths":{"node:fs":["./evil.js"]}}}',
    'koffi.js': `require('fs').appendFileSync(${JSON.stringify(marker)}, 'ran ')`,
  });

  function hostile(place: string): string {
    const marker = path.join(folder, 'marker');
    for (const [name, text] of Object.entries(files(marker))) fs.writeFileSync(path.join(place, name), text);
    return marker;
  }

  test('a hostile bunfig.toml and .env, beside it and in the working folder, run nothing and set nothing', () => {
    const place = fs.mkdtempSync(path.join(os.tmpdir(), 'hostile-'));
    const marker = hostile(place);
    hostile(folder);
    const { DOCKER_HOST: _, ...without } = env;
    for (const cwd of [place, folder]) {
      for (const args of [['ps'], ['--version'], ['ls', `pid:${process.pid}`], ['explain']]) {
        const { status, stderr, stdout } = spawnSync(program, args, { cwd, encoding: 'utf8', env: without });
        expect(status).toBe(0);
        expect(`${stdout}${stderr}`).not.toContain('from-dotenv');
      }
    }
    expect(fs.existsSync(marker)).toBe(false);
    // The same files do run where Bun reads them.
    fs.writeFileSync(path.join(place, 'main.js'), '');
    execFileSync(BUN, ['run', './main.js'], { cwd: place, env: without });
    expect(fs.readFileSync(marker, 'utf8')).toContain('ran');
    for (const name of Object.keys(files(marker))) fs.rmSync(path.join(folder, name), { force: true });
    fs.rmSync(place, { recursive: true });
  });

  test('it needs nothing of the checkout: every page of the rules is in it', () => {
    const rules = fs.readdirSync(path.join(CHECKOUT, 'docs/rules')).filter((name) => name !== 'README.md');
    expect(rules.length).toBeGreaterThan(40);
    for (const name of rules) {
      const { stdout } = spawnSync(program, ['explain', name.slice(0, -3)], { encoding: 'utf8', env, cwd: '/' });
      expect(stdout).toBe(fs.readFileSync(path.join(CHECKOUT, 'docs/rules', name), 'utf8'));
    }
  });

  test('the files of the lab in containers are copied for Docker, and removed', () => {
    // A docker command that refuses, after it has shown what it was given.
    const shown = path.join(folder, 'shown');
    const docker = `#!/bin/sh\ncase $1 in build) ls -R "$5" >${shown} ;; esac\n[ "$1" != build ]\n`;
    fs.mkdirSync(path.join(folder, 'bin'));
    fs.writeFileSync(path.join(folder, 'bin/docker'), docker, { mode: 0o755 });
    // Of its own: other labs have folders in the machine's.
    const temporary = fs.mkdtempSync(path.join(folder, 'tmp-'));
    const { status } = spawnSync(program, ['lab', '--docker'], {
      encoding: 'utf8',
      env: { ...env, PATH: `${folder}/bin:${env.PATH}`, TMPDIR: temporary },
      timeout: 240_000,
    });
    expect(status).toBe(5);
    for (const name of fs.readdirSync(path.join(CHECKOUT, 'lab/receiver')))
      expect(fs.readFileSync(shown, 'utf8')).toContain(name);
    expect(fs.readFileSync(shown, 'utf8')).toContain(temporary);
    expect(fs.readdirSync(temporary)).toEqual([]);
  });
});

describe('its library for system calls', () => {
  const PLACES = '/dev/shm /run /var/tmp /tmp';

  test('it is loaded without leaving a file, and the kernel answers', () => {
    const { stdout, stderr } = isolated(
      `${emptied(PLACES)}${SOCKETS_OF_INIT}; find ${PLACES} -xdev ! -type d -print >&2`,
    );
    expect(sourceOf(stdout)).toBe('sock_diag');
    // The kernel's types are remembered for the next start.
    expect(stderr.split('\n').filter((line) => line !== '' && !line.startsWith('/run/socklens/'))).toEqual([]);
  });

  test.each(['/run', '/tmp', '/var/tmp'])('only %s may hold code: that is enough', (only) => {
    const others = PLACES.split(' ').filter((place) => place !== only);
    const { stdout } = isolated(`${emptied(others.join(' '), 'noexec')}${emptied(only)}${SOCKETS_OF_INIT}`);
    expect(sourceOf(stdout)).toBe('sock_diag');
  });

  test('none may: from /proc, with one note that says why', () => {
    const { status, stdout, stderr } = isolated(`${emptied(PLACES, 'noexec')}"$0" ls pid:$$ -t`);
    expect(status).toBe(0);
    expect(stdout).toContain('Proto');
    expect(stderr).toMatch(/^socklens: read from \/proc\/PID\/net, .*none of \/dev\/shm, .* may hold code.*\n$/);
  });

  test('a koffi.node beside it, which root alone can write, is taken where none may', () => {
    const beside = path.join(folder, 'koffi.node');
    fs.copyFileSync(KOFFI, beside);
    const run = () => sourceOf(isolated(`${emptied(PLACES, 'noexec')}${SOCKETS_OF_INIT}`).stdout);
    fs.chmodSync(folder, 0o755);
    fs.chmodSync(beside, 0o644);
    expect(run()).toBe('sock_diag');
    // Anybody could have put it there.
    fs.chmodSync(folder, 0o777);
    expect(run()).toBe('procfs');
    fs.chmodSync(folder, 0o755);
    fs.chmodSync(beside, 0o666);
    expect(run()).toBe('procfs');
    fs.rmSync(beside);
  });

  test('without libstdc++: from /proc, with one note that names it', () => {
    const root = fs.mkdtempSync(path.join(folder, 'root-'));
    const needed = execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
    expect(needed.join()).not.toContain('libstdc++');
    for (const place of ['proc', 'tmp', 'dev/shm', 'run', 'etc']) fs.mkdirSync(`${root}/${place}`, { recursive: true });
    for (const file of needed) {
      fs.mkdirSync(`${root}${path.dirname(file)}`, { recursive: true });
      fs.copyFileSync(file, `${root}${file}`);
    }
    const inside = `/mnt/${path.basename(root)}`;
    const { status, stdout, stderr } = isolated(`
      cp "$0" ${inside}/socklens
      mount --rbind /proc ${inside}/proc
      chroot ${inside} /socklens ls pid:$$ -t
      for verb in 'watch pid:'$$ 'record pid:'$$' -o /tmp/x.slr' 'doctor pid:'$$; do
        chroot ${inside} /socklens $verb --for 500ms 2>>/mnt/others || test $? = 1
      done
      chroot ${inside} /socklens events pid:$$ --for 500ms 2>>/mnt/others || echo "events: $?"`);
    expect(`${stderr}${stdout}`).toContain('events: 5\n');
    expect(fs.readFileSync(`${folder}/others`, 'utf8')).not.toContain('internal error');
    expect(stderr).toMatch(/^socklens: read from \/proc\/PID\/net, .*libstdc\+\+\.so\.6.*\n$/);
    expect(stdout).toContain('Proto');
    expect(status).toBe(0);
  });
});

describe('the executables', () => {
  /** e_machine of elf(5). */
  test.each([
    ['x64', 62],
    ['arm64', 183],
  ])('%s: an ELF file of that machine, with the files of the package in it', (architecture, machine) => {
    const file = path.join(CHECKOUT, `dist/binary/socklens-linux-${architecture}`);
    const bytes = fs.readFileSync(file);
    expect(bytes.subarray(0, 6)).toEqual(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]));
    expect(bytes.readUInt16LE(18)).toBe(machine);
    expect(bytes.length).toBeLessThan(130e6);
    const koffi = `node_modules/@koromix/koffi-linux-${architecture}/linux_${architecture}/koffi.node`;
    const packages = [CHECKOUT, path.join(CHECKOUT, `scripts/binary-packages/linux-${architecture}`)];
    const addon = packages.map((place) => path.join(place, koffi)).find((name) => fs.existsSync(name)) ?? '';
    expect(bytes.includes(fs.readFileSync(addon))).toBe(true);
    expect(bytes.includes(fs.readFileSync(path.join(CHECKOUT, 'docs/rules/CLOSE_WAIT_LEAK.md')))).toBe(true);
  });
});
