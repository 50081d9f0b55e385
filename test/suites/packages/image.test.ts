import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OverviewAnswer } from '../../../src/serve/protocol.ts';
import { type RunningContainer, type TestEngine, testEngine } from '../../support/engine.ts';
import { until } from '../../support/netns.ts';
import { DEBIAN_ARCHITECTURE, HANG_MS, releaseFile, typedCommands, VERSION } from './release.ts';

const ARCHIVE = `socklens-${VERSION}-image-${DEBIAN_ARCHITECTURE}.tar`;
const engine = testEngine();

test('it has the executable, what that and its library ask for, and notices; no shell, no other program', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-image-'));
  const unpack = (archive: string, place: string) => {
    fs.mkdirSync(`${folder}/${place}`);
    execFileSync('tar', ['-xf', archive, '-C', `${folder}/${place}`]);
  };
  unpack(releaseFile(ARCHIVE), 'image');
  const [{ Layers }] = JSON.parse(fs.readFileSync(`${folder}/image/manifest.json`, 'utf8')) as [{ Layers: string[] }];
  unpack(`${folder}/image/${Layers[0]}`, 'root');
  const root = `${folder}/root`;
  const find = ['.', '!', '-type', 'd', '!', '-path', './usr/share/doc/*', '-printf', '%P\n'];
  const files = execFileSync('find', find, { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const own = ['usr/lib/socklens/socklens', 'usr/lib/socklens/koffi.node'];
  const needed = own.flatMap((name) => {
    const dynamic = execFileSync('readelf', ['--wide', '--dynamic', `${root}/${name}`], { encoding: 'utf8' });
    return [...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, library]) => library ?? '');
  });
  const libraries = files.filter((name) => /^lib/.test(name)).map((name) => path.basename(name));
  expect(libraries.sort()).toEqual([...new Set(needed)].sort());
  expect(files.filter((name) => !/^lib/.test(name)).sort()).toEqual([...own, 'usr/bin/socklens'].sort());
  expect(execFileSync('find', ['.', '-perm', '/022', '!', '-type', 'l'], { cwd: root, encoding: 'utf8' })).toBe('');
  for (const name of ['socklens/LICENSE', 'socklens/THIRD-PARTY.md', 'libc6/copyright', 'libstdc++6/copyright'])
    expect(fs.statSync(`${root}/usr/share/doc/${name}`).size).toBeGreaterThan(1000);
  fs.rmSync(folder, { recursive: true });
});

describe.skipIf(typeof engine === 'string')('the image in an Engine', () => {
  const docker = engine as TestEngine;
  const socket = docker.endpoint?.slice('unix://'.length);
  /** What docs/install.md lets one type; bind mounts are of the Engine's own mount namespace. */
  const [load = '', ...rest] = typedCommands('Image').split('\n');
  const alias = rest
    .join('\n')
    .split("alias socklens='")[1]
    ?.split("'")[0]
    ?.replace('/var/run/docker.sock:', `${socket}:`);
  const shell = (script: string) => {
    const env = { PATH: process.env.PATH ?? '', HOME: os.tmpdir(), DOCKER_HOST: docker.endpoint };
    return spawnSync('sh', ['-c', script], {
      cwd: path.dirname(releaseFile(ARCHIVE)),
      env,
      encoding: 'utf8',
      timeout: HANG_MS,
    });
  };
  const socklens = (args: string, command = alias) => shell(`${command} ${args}`);
  let web: RunningContainer;

  beforeAll(async () => {
    expect(shell(load)).toMatchObject({ status: 0, stdout: `Loaded image: socklens:${VERSION}\n` });
    // Of another user than root. The client has no more to send, so that one end stays in CLOSE_WAIT.
    const script =
      '/bin/busybox nc -l -p 4082 -e /bin/busybox sleep 1000 & while ! /bin/busybox nc 127.0.0.1 4082; do :; done';
    web = await docker.run({ script, user: '1000' });
  });
  afterAll(async () => {
    await docker.removeAll();
    shell(`docker rmi --force socklens:${VERSION}`);
  });

  /** What the kernel says. */
  const netstat = (flags: string) =>
    execFileSync('nsenter', ['-t', String(web.pid), '-n', 'netstat', flags], { encoding: 'utf8' });

  test('ps: the containers by their names, counted, and nothing is missing', async () => {
    await until('the connection', () => netstat('-tan').includes('CLOSE_WAIT'));
    const { status, stdout, stderr } = socklens(`ps ${web.name} --json`);
    expect([status, stderr]).toEqual([0, '']);
    const [row] = (JSON.parse(stdout) as { containers: { name: string; states: Record<string, number> }[] }).containers;
    expect(row?.name).toBe(web.name);
    const counted = netstat('-tan')
      .split('\n')
      .filter((line) => line.includes('CLOSE_WAIT')).length;
    expect(JSON.stringify(row)).toContain(`"CLOSE_WAIT":${counted}`);
  });

  test('netstat NAME: what nsenter and netstat print, with the programs that hold the sockets', () => {
    const rows = (text: string) => text.split('\n').slice(2).sort();
    expect(rows(socklens(`netstat ${web.name} -tanp`).stdout)).toEqual(rows(netstat('-tanp')));
  });

  test('doctor: judges everything that it could have seen', () => {
    const { status, stdout, stderr } = socklens(`doctor ${web.name} --for 1s --json`);
    expect([0, 1]).toContain(status);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toHaveProperty('problems');
  });

  test('explain: its pages are in it', () => {
    expect(socklens('explain CLOSE_WAIT_LEAK').stdout).toMatch(/^# CLOSE_WAIT_LEAK/);
  });

  test('serve: started as docs/install.md says it, it has the page, what netstat counts, and keeps its data', async () => {
    const name = `sltest-serve-${process.pid}`;
    const [started = '', link = ''] = typedCommands('Always on')
      .replace('/var/run/docker.sock:', `${socket}:`)
      .replace('--volume socklens:', `--volume ${name}:`)
      .replace('--name socklens ', `--name ${name} `)
      .replace('exec socklens ', `exec ${name} `)
      // Another port than that of this machine's own.
      .replace('serve --token-file', 'serve --listen 127.0.0.1:0 --token-file')
      .split(/\n(?=docker exec)/);
    try {
      expect(shell(started)).toMatchObject({ status: 0, stderr: '' });
      const { origin, hash } = new URL(shell(link).stdout.trim());
      const get = (path: string) => {
        const wget = ['busybox', 'wget', '-qO-', '--header', `Authorization: Bearer ${hash.replace('#token=', '')}`];
        const command = [`--net=/proc/${docker.hostPid}/ns/net`, ...wget, `${origin}${path}`];
        return execFileSync('nsenter', command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
      };
      expect(get('/')).toContain('<script');
      await until('the connection', () => netstat('-tan').includes('CLOSE_WAIT'));
      await until('the row of the container', () => {
        const { rows } = JSON.parse(get('/api/v1/overview')) as OverviewAnswer;
        return rows.find((row) => row.name === web.name)?.sockets?.byState.CLOSE_WAIT === 1;
      });
      const { stderr, stdout } = shell(`docker logs ${name}`);
      expect([stdout, stderr]).toEqual([`${origin}/\n`, '']);
      expect(shell(`docker restart ${name}`)).toMatchObject({ status: 0 });
      const again = shell(link);
      expect([again.status, again.stderr]).toEqual([0, '']);
      expect(new URL(again.stdout.trim()).hash).toBe(hash);
    } finally {
      shell(`docker rm --force ${name}; docker volume rm ${name}`);
    }
  });

  test.each([
    ['SYS_PTRACE', 'ls'],
    ['SYS_ADMIN', 'ls'],
    ['DAC_READ_SEARCH', 'limits'],
  ])('%s is needed: without it a note names it, and no other', (capability, verb) => {
    const { stderr } = socklens(`${verb} ${web.name}`, alias?.replace(`--cap-add ${capability}`, ''));
    expect(new Set([...stderr.matchAll(/CAP_\w+/g)].map(([name]) => name))).toEqual(new Set([`CAP_${capability}`]));
  });
});
