import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestEngine, testEngine } from '../../support/engine.ts';
import { until } from '../../support/netns.ts';
import { programMissing } from '../../support/runtimes/available.ts';
import { type BootedMachine, boot } from './boot.ts';
import { type NewMachine, startNewMachine } from './new-machine.ts';
import { CHECKOUT, DEBIAN_ARCHITECTURE, releaseFile, typedCommands, VERSION } from './release.ts';

const PACKAGE = `socklens_${VERSION}_${DEBIAN_ARCHITECTURE}.deb`;
const engine = testEngine();

test('lintian finds nothing but what is overridden with a reason', () => {
  const { status, stdout, stderr } = spawnSync(
    'lintian',
    ['--no-cfg', '--allow-root', '--fail-on', 'error,warning', releaseFile(PACKAGE)],
    { encoding: 'utf8' },
  );
  expect(`${stdout}${stderr}`.split('\n').filter((line) => /^[EW]: /.test(line))).toEqual([]);
  expect(status).toBe(0);
  const overrides = fs.readFileSync(path.join(CHECKOUT, 'scripts/release/debian/lintian-overrides'), 'utf8');
  for (const group of overrides.trim().split(/\n(?=#)/)) expect(group).toMatch(/^# .+\nsocklens: /);
});

test('the libraries that it depends on are those that its files ask for, in the versions that they ask for', () => {
  const fields = execFileSync('dpkg-deb', ['--field', releaseFile(PACKAGE), 'Depends'], { encoding: 'utf8' });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-deb-'));
  execFileSync('dpkg-deb', ['--extract', releaseFile(PACKAGE), folder]);
  const asked = ['socklens', 'koffi.node'].map((name) =>
    execFileSync('readelf', ['--wide', '--dynamic', '--version-info', `${folder}/usr/lib/socklens/${name}`], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    }),
  );
  fs.rmSync(folder, { recursive: true });
  const libraries = new Set(
    asked.flatMap((text) => [...text.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name)),
  );
  const packages = new Set([...libraries].map((name) => PACKAGE_OF[name ?? ''] ?? name));
  expect(fields.split(',').map((each) => each.trim().split(' ')[0])).toEqual([...packages].sort());
  const newest = (prefix: string) =>
    asked
      .flatMap((text) =>
        [...text.matchAll(new RegExp(`Name: ${prefix}_([\\d.]+)`, 'g'))].map(([, found]) => found ?? ''),
      )
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
      .at(-1);
  expect(fields).toContain(`libc6 (>= ${newest('GLIBC')})`);
  // The first release of GCC with that version of the ABI: libstdc++'s manual, "ABI Policy and Guidelines".
  const gcc: Record<string, string> = { '1.3.11': '7', '1.3.10': '6.1', '1.3.13': '11' };
  expect(fields).toContain(`libstdc++6 (>= ${gcc[newest('CXXABI') ?? '']})`);
});

describe.skipIf(typeof engine === 'string')('the package on a machine without Node', () => {
  const docker = engine as TestEngine;
  let machine: NewMachine;

  beforeAll(async () => {
    machine = await startNewMachine(docker.endpoint.slice('unix://'.length));
    machine.bring(releaseFile(PACKAGE), `/root/${PACKAGE}`);
  });
  afterAll(async () => {
    await machine.end();
    await docker.removeAll();
  });

  test('from the download to the first answer, as docs/install.md says it', async () => {
    const web = await docker.run({ script: 'exec /bin/busybox nc -l -p 4081' });
    const answer = machine.must(`set -e\n${typedCommands('Debian and Ubuntu')}`);
    expect(answer).toMatch(/^Setting up socklens /m);
    expect(answer.split('\n').find((line) => line.startsWith(web.name))).toBeDefined();
    expect(machine.must('dpkg --verify socklens; command -v socklens')).toBe('/usr/bin/socklens\n');
    const rows = machine.must(`socklens netstat ${web.name} -tln`).split('\n').slice(2).sort();
    const [command = '', ...rest] = ['nsenter', '-t', String(web.pid), '-n', 'netstat', '-tln'];
    expect(rows).toEqual(execFileSync(command, rest, { encoding: 'utf8' }).split('\n').slice(2).sort());
  });

  test('the library beside the executable is the one that is mapped: no folder has to allow code', () => {
    const nowhere = 'for each in /dev/shm /run /tmp /var/tmp; do mount -t tmpfs -o noexec tmpfs $each; done';
    const answer = machine.must(`unshare --mount sh -c '${nowhere}; socklens ls pid:$$ --json'`);
    expect((JSON.parse(answer) as { source: string }).source).toBe('sock_diag');
  });

  test('the completions are where the three shells look for them', () => {
    const bash = `. /usr/share/bash-completion/bash_completion; _comp_load socklens 2>/dev/null || _completion_loader socklens || :
      complete -p socklens`;
    expect(machine.must(`bash -c '${bash}'`)).toContain('socklens');
    expect(machine.must(`zsh -fc 'autoload -U compinit && compinit -D -u && print $_comps[socklens]'`)).toBe(
      '_socklens\n',
    );
    expect(machine.must(`fish -c 'complete -C "socklens expl"'`)).toMatch(/^explain\b/);
  });

  test('the manual page is found and says what the command is', () => {
    const page = machine.must('mandoc -Tutf8 /usr/share/man/man1/socklens.1.gz');
    expect(page).toMatch(/socklens [-–—]/);
  });

  test('an upgrade keeps the data, removing it too, and purging it removes data and every file', () => {
    const files = machine.must('dpkg -L socklens').trim().split('\n');
    machine.must('mkdir -p /var/lib/socklens && echo kept >/var/lib/socklens/incident');
    // The next version: the same package with another number.
    machine.must(`dpkg-deb -R ${PACKAGE} next && sed -i 's/^Version: .*/Version: 99.0/' next/DEBIAN/control`);
    machine.must('dpkg-deb --root-owner-group -Znone --build next next.deb');
    expect(machine.must('dpkg -i next.deb')).toMatch(/^Unpacking socklens \(99\.0\) over /m);
    expect(machine.must('dpkg-query -W socklens')).toBe('socklens\t99.0\n');
    expect(machine.must('cat /var/lib/socklens/incident && socklens explain')).toMatch(/^kept\n/);

    machine.must('dpkg -r socklens');
    expect(machine.run('command -v socklens').status).not.toBe(0);
    expect(machine.must('cat /var/lib/socklens/incident')).toBe('kept\n');

    machine.must('dpkg -P socklens');
    expect(machine.run('dpkg-query -W socklens').status).toBe(1);
    const own = files.filter((name) => name.includes('socklens'));
    expect(own.length).toBeGreaterThan(8);
    for (const name of [...own, '/var/lib/socklens', '/run/socklens'])
      expect([name, machine.run(`test -e ${name} || test -L ${name}`).status]).toEqual([name, 1]);
  });
});

const noSystemd = programMissing('systemd-nspawn', 'systemctl', 'busybox');
if (noSystemd !== undefined) test.skip(`the service of the package: ${noSystemd}`, () => {});

describe.skipIf(noSystemd !== undefined)('the service of the package, where systemd runs', () => {
  let machine: BootedMachine;
  let installed: string;

  beforeAll(async () => {
    const stopped = await startNewMachine();
    stopped.bring(releaseFile(PACKAGE), `/root/${PACKAGE}`);
    // The next version: the same package with another number.
    stopped.must(`dpkg-deb -R ${PACKAGE} next && sed -i 's/^Version: .*/Version: 99.0/' next/DEBIAN/control`);
    stopped.must('dpkg-deb --root-owner-group -Znone --build next next.deb');
    machine = await boot(stopped);
    installed = machine.must(`dpkg -i ${PACKAGE} 2>&1`);
  });
  afterAll(() => machine?.end());

  const UNIT_LINK = '/etc/systemd/system/multi-user.target.wants/socklens.service';
  const state = () => machine.run('systemctl is-enabled socklens; systemctl is-active socklens').stdout.split('\n');
  const mainPid = () => machine.must('systemctl show --property MainPID --value socklens').trim();
  const token = () => machine.must('cat /var/lib/socklens/token').trim();
  const asked = (path: string) =>
    machine.must(
      `busybox wget -qO- --header 'Authorization: Bearer '$(cat /var/lib/socklens/token) 'http://127.0.0.1:7077${path}'`,
    );

  test('the unit is one that systemd accepts, and it is off', () => {
    expect(installed).toMatch(/^Setting up socklens /m);
    expect(state().slice(0, 2)).toEqual(['disabled', 'inactive']);
    expect(machine.must('systemd-analyze verify socklens.service 2>&1')).toBe('');
    expect(machine.run(`test -e ${UNIT_LINK} || test -e /var/lib/socklens`).status).toBe(1);
  });

  test('it is started as docs/install.md says it, and shows what ss shows', async () => {
    const link = machine.must(`set -e\n${typedCommands('The service')}`);
    expect(link).toBe(`http://127.0.0.1:7077/#token=${token()}\n`);
    expect(state().slice(0, 2)).toEqual(['enabled', 'active']);
    // It is refused before the first numbers are there.
    await until(
      'the first numbers',
      () => machine.run(`busybox wget -qO- http://127.0.0.1:7077/readyz`).stdout === 'ok\n',
    );
    expect(asked('/')).toContain('<script');
    const { sockets } = JSON.parse(asked('/api/v1/ls?target=host&filter=state%20listening')) as {
      sockets: { proto: string; local: { port: number } }[];
    };
    const ports = (values: unknown[]) => values.map(Number).sort((a, b) => a - b);
    const shown = sockets.filter(({ proto }) => proto === 'tcp').map(({ local }) => local.port);
    const lines = machine.must('ss -tlnH').trim().split('\n');
    expect(ports(shown)).toEqual(ports(lines.map((line) => /:(\d+) /.exec(line)?.[1])));
    expect(shown).toContain(7077);
  });

  test('its token and what it keeps are for root alone, and the journal has no token', () => {
    const modes = machine.must('cd /var/lib/socklens && stat -c "%a %U" . token history.db');
    expect(modes).toBe('700 root\n600 root\n600 root\n');
    const journal = machine.must('journalctl --unit socklens --no-pager --output cat');
    expect(journal).toContain('http://127.0.0.1:7077/');
    expect(journal).not.toContain(token());
    expect(machine.must(`cat /proc/${mainPid()}/status`)).toContain('NoNewPrivs:\t1\n');
  });

  test('an upgrade goes on with the new version and the same token and data; one that was stopped stays so', () => {
    const [before, key] = [mainPid(), token()];
    machine.must('echo kept >/var/lib/socklens/note; dpkg -i next.deb');
    expect(state().slice(0, 2)).toEqual(['enabled', 'active']);
    expect(mainPid()).not.toBe(before);
    expect([token(), machine.must('cat /var/lib/socklens/note')]).toEqual([key, 'kept\n']);
    machine.must('systemctl disable --now socklens 2>&1; dpkg -i next.deb');
    expect(state().slice(0, 2)).toEqual(['disabled', 'inactive']);
  });

  test('removing it ends the service and keeps the data; purging it removes both, and the link of the unit', () => {
    machine.must('systemctl enable --now socklens 2>&1');
    const pid = mainPid();
    machine.must('dpkg -r socklens');
    expect(machine.run(`test -e /proc/${pid}`).status).toBe(1);
    expect(machine.must('cat /var/lib/socklens/note')).toBe('kept\n');
    machine.must('dpkg -P socklens');
    for (const name of ['/var/lib/socklens', '/usr/lib/systemd/system/socklens.service', UNIT_LINK])
      expect([name, machine.run(`test -e ${name} || test -L ${name}`).status]).toEqual([name, 1]);
  });
});

/** Debian's package with a library. */
const PACKAGE_OF: Readonly<Record<string, string>> = {
  'libc.so.6': 'libc6',
  'libm.so.6': 'libc6',
  'libdl.so.2': 'libc6',
  'libpthread.so.0': 'libc6',
  'ld-linux-x86-64.so.2': 'libc6',
  'ld-linux-aarch64.so.1': 'libc6',
  'libgcc_s.so.1': 'libgcc-s1',
  'libstdc++.so.6': 'libstdc++6',
};
