import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { socklens } from '../../support/cli.ts';
import { until } from '../../support/netns.ts';
import { createPrivateNamespaces, machineOf, type PrivateNamespaces } from '../../support/private-namespaces.ts';
import { removeCgroups, removeSharedCgroups } from '../../support/private-processes.ts';
import { programMissing } from '../../support/runtimes/available.ts';

/* Machines: containers with a whole system inside, which have a name in their cgroups instead of an id. */

const missing = programMissing('systemd-nspawn', 'lxc-start', 'busybox');
if (missing !== undefined) test.skip(`machines: ${missing}`, () => {});

const SCRIPT = 'exec /bin/busybox nc -l -p 8080';

describe.skipIf(missing !== undefined)('machines', () => {
  let namespaces: PrivateNamespaces;
  const cgroups = new Set<string>();
  beforeAll(async () => {
    namespaces = await createPrivateNamespaces();
    const { folder } = namespaces;
    for (const name of ['bin', 'etc', 'tmp', 'dev', 'proc', 'sys', 'run', 'usr', 'var'])
      fs.mkdirSync(`${folder}/box/${name}`, { recursive: true });
    fs.copyFileSync('/bin/busybox', `${folder}/box/bin/busybox`);
    fs.symlinkSync('busybox', `${folder}/box/bin/sh`);
    fs.writeFileSync(`${folder}/box/bin/serve`, `#!/bin/sh\n${SCRIPT}\n`, { mode: 0o755 });
    // By it systemd-nspawn recognises the root folder of a system.
    fs.writeFileSync(`${folder}/box/etc/os-release`, 'ID=box\n');
    inside(
      'sh',
      '-euc',
      'for name in lxc systemd/nspawn; do mkdir -p /run/$name; mount -t tmpfs tmpfs /run/$name; done',
    );
  });
  afterAll(async () => {
    // Those of machines are killed as descendants.
    await namespaces?.end();
    await removeCgroups(cgroups);
    await removeSharedCgroups(['/lxc.pivot']);
  });

  function inside(program: string, ...args: string[]): string {
    const [command = '', ...rest] = [...namespaces.enter, program, ...args];
    return execFileSync(command, rest, { encoding: 'utf8' });
  }
  const ask = (...args: string[]) => socklens(args, {}, machineOf(namespaces.pid));

  /** What is promised of every machine. */
  async function isSeen(runtime: string, name: string, pid: number): Promise<void> {
    const rows = () => (JSON.parse(ask('ps', '--json').stdout) as { containers: { name: string }[] }).containers;
    const netns = fs.statSync(`/proc/${pid}/ns/net`).ino;
    expect(rows().filter((row) => row.name === name)).toMatchObject([{ runtime, pid, netns }]);
    for (const target of [name, `${runtime}:${name}`])
      await until('the listener', () => ask('ls', target, 'state', 'listening').stdout.includes(':8080'));
    expect(ask('ls', `docker:${name}`).status).toBe(3);
    const limits = JSON.parse(ask('limits', name, '--json').stdout) as { platform: unknown };
    expect(limits.platform).toMatchObject({ kind: runtime, name });
  }

  test('systemd-nspawn, in the scope that systemd-machined gives to a machine', async () => {
    const name = `web-${process.pid}`;
    const scope = `/sltest-nspawn-${process.pid}/machine-${name.replace('-', '\\x2d')}.scope`;
    for (const part of ['/payload', '/supervisor', '']) cgroups.add(scope + part);
    cgroups.add(`/sltest-nspawn-${process.pid}`);
    const roots = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup'].filter((root) =>
      fs.existsSync(`${root}/cgroup.procs`),
    );
    for (const root of roots) fs.mkdirSync(root + scope, { recursive: true });
    const join = roots.map((root) => `echo $$ >'${root}${scope}/cgroup.procs'`).join('; ');
    const options = ['-q', '--register=no', '--keep-unit', '-D', `${namespaces.folder}/box`, `--machine=${name}`];
    const command = ['systemd-nspawn', ...options, '--private-network', '/bin/serve'];
    const [program = '', ...rest] = [...namespaces.enter, 'sh', '-c', `${join}; exec "$@"`, 'sh', ...command];
    const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (piece) => {
      stderr += piece;
    });
    const pid = await until('the machine', () => {
      if (child.exitCode !== null) throw new Error(`systemd-nspawn exited: ${stderr}`);
      const found = spawnedBy(child.pid ?? 0);
      return found !== undefined && fs.readFileSync(`/proc/${found}/cmdline`, 'latin1').includes('nc')
        ? found
        : undefined;
    });
    await isSeen('nspawn', name, pid);
  });

  test('LXC', async () => {
    const name = `c${process.pid}`;
    const folder = `${namespaces.folder}/lxc`;
    fs.mkdirSync(`${folder}/${name}`, { recursive: true });
    fs.writeFileSync(
      `${folder}/${name}/config`,
      [
        `lxc.uts.name = ${name}`,
        `lxc.rootfs.path = dir:${namespaces.folder}/box`,
        'lxc.net.0.type = empty',
        'lxc.apparmor.profile = unconfined',
        'lxc.init.cmd = /bin/serve',
        '',
      ].join('\n'),
    );
    for (const part of ['payload', 'monitor']) cgroups.add(`/lxc.${part}.${name}`);
    inside('lxc-start', '-P', folder, '-n', name, '--daemon', '--logfile', `${namespaces.folder}/lxc.log`);
    const pid = await until('the machine', () => {
      const [, found] = /PID: +(\d+)/.exec(inside('lxc-info', '-P', folder, '-n', name, '--pid')) ?? [];
      return found === undefined || found === '0' ? undefined : Number(found);
    }).catch((error: unknown) => {
      throw new Error(`${error}: ${fs.readFileSync(`${namespaces.folder}/lxc.log`, 'utf8')}`);
    });
    await isSeen('lxc', name, pid);
    inside('lxc-stop', '-P', folder, '-n', name, '--kill');
  });
});

/** The child of a process, by pgrep(1). */
function spawnedBy(pid: number): number | undefined {
  try {
    return Number(execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).split('\n')[0]);
  } catch {
    return undefined;
  }
}
