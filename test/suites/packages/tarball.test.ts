import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestEngine, testEngine } from '../../support/engine.ts';
import { type NewMachine, startNewMachine } from './new-machine.ts';
import { ARCHITECTURE, CHECKOUT, RELEASE, releaseFile, typedCommands, VERSION } from './release.ts';

const FOLDER = `socklens-${VERSION}-linux-${ARCHITECTURE}`;
const TARBALL = `${FOLDER}.tar.gz`;

const engine = testEngine();

describe('the folder of the release', () => {
  test('SHA256SUMS names every file, with its checksum', () => {
    const listed = fs.readFileSync(releaseFile('SHA256SUMS'), 'utf8').trim().split('\n');
    const names = listed.map((line) => line.split(/\s+/)[1]).sort();
    expect(names).toEqual(
      fs
        .readdirSync(RELEASE)
        .filter((name) => name !== 'SHA256SUMS')
        .sort(),
    );
    execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: RELEASE });
  });

  test('made again, by somebody else, elsewhere and from the beginning: the same bytes', { timeout: 900_000 }, () => {
    const work = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-release-'));
    const script = 'umask 077; exec sh scripts/release.sh "$0" "$1"';
    const env = { ...process.env, TMPDIR: work, TZ: 'Asia/Tokyo', LC_ALL: 'C.UTF-8', GZIP: '-1', HOME: work };
    const { status, stderr } = spawnSync('sh', ['-c', script, `${work}/again`, ARCHITECTURE], {
      cwd: CHECKOUT,
      env,
      encoding: 'utf8',
    });
    expect(stderr).toContain('Made ');
    expect(status).toBe(0);
    const sums = (folder: string) =>
      new Map(
        fs
          .readFileSync(`${folder}/SHA256SUMS`, 'utf8')
          .trim()
          .split('\n')
          .map((line) => [line.slice(66), line.slice(0, 64)]),
      );
    const first = sums(RELEASE);
    for (const [name, sum] of sums(`${work}/again`)) expect([name, sum]).toEqual([name, first.get(name)]);
    fs.rmSync(work, { recursive: true });
  });

  test('the bill of materials has each package of the notices, with version and hash of the lockfiles', () => {
    interface Component {
      group?: string;
      name: string;
      version: string;
      purl: string;
      hashes: { alg: string; content: string }[];
    }
    const bill = JSON.parse(fs.readFileSync(releaseFile(`socklens-${VERSION}.cdx.json`), 'utf8')) as {
      bomFormat: string;
      components: Component[];
    };
    expect(bill.bomFormat).toBe('CycloneDX');
    const named = bill.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
    const notices = execFileSync('tar', ['-xzOf', releaseFile(TARBALL), `${FOLDER}/THIRD-PARTY.md`], {
      encoding: 'utf8',
      maxBuffer: 1 << 24,
    });
    const noticed = [...notices.matchAll(/^## (\S+) (\d\S*)$/gm)].map(([, name, version]) => `${name} ${version}`);
    for (const native of ['koffi', 'Bun']) expect(noticed.join()).toContain(native);
    const bundled = noticed.filter((each) => !/^(koffi|Bun) /.test(each)).map((each) => each.split(' ')[0]);
    const natives = ['koffi-linux-x64', 'koffi-linux-arm64'].map((name) => `@koromix/${name}`);
    natives.push('@oven/bun-linux-x64', '@oven/bun-linux-aarch64');
    expect(named.sort()).toEqual([...bundled, ...natives].sort());
    expect(notices).toContain('GNU LIBRARY GENERAL PUBLIC LICENSE');
    const lockfiles = ['package-lock.json', 'scripts/binary-packages/linux-arm64/package-lock.json'].map((name) =>
      fs.readFileSync(path.join(CHECKOUT, name), 'utf8'),
    );
    for (const { version, hashes } of bill.components) {
      const integrity = `sha512-${Buffer.from(hashes[0]?.content ?? '', 'hex').toString('base64')}`;
      const locked = lockfiles.find((text) => text.includes(integrity)) ?? '';
      expect(locked.slice(0, locked.indexOf(integrity)).trimEnd()).toMatch(
        new RegExp(`"version": "${version.replaceAll('.', '\\.')}",\\s+"integrity": "$`),
      );
    }
  });
});

describe.skipIf(typeof engine === 'string')('the tarball on a machine without Node', () => {
  const docker = engine as TestEngine;
  let machine: NewMachine;

  beforeAll(async () => {
    machine = await startNewMachine(docker.endpoint.slice('unix://'.length));
    for (const name of [TARBALL, 'SHA256SUMS']) machine.bring(releaseFile(name), `/root/${name}`);
  });
  afterAll(async () => {
    await machine.end();
    await docker.removeAll();
  });

  test('from the download to the first answer, as docs/install.md says it', async () => {
    expect(machine.run('command -v node').status).not.toBe(0);
    const web = await docker.run({ script: 'exec /bin/busybox nc -l -p 4080' });
    const answer = machine.must(`set -e\n${typedCommands('Tarball')}`);
    expect(answer).toContain(`${TARBALL}: OK`);
    expect(answer.split('\n').find((line) => line.startsWith(web.name))).toBeDefined();
    const rows = machine.must(`socklens netstat ${web.name} -tln`).split('\n').slice(2).sort();
    const [command = '', ...rest] = ['nsenter', '-t', String(web.pid), '-n', 'netstat', '-tln'];
    expect(rows).toEqual(execFileSync(command, rest, { encoding: 'utf8' }).split('\n').slice(2).sort());
  });

  test('root and nobody else owns and changes what it unpacks', () => {
    const found = machine.must(`find ${FOLDER} ! -user 0 -o ! -group 0 -o ! -type l -perm /022`);
    expect(found).toBe('');
  });
});
