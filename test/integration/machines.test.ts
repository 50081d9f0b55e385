/** Machines by their cgroups. Real ones of systemd-nspawn and LXC are in the suite `runtimes`; LXD's and Incus' are not. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { socklens } from '../support/cli.ts';
import { removeCgroups } from '../support/private-processes.ts';

const isRoot = process.getuid?.() === 0;
const NAME = `c${process.pid}`;
const monitors: { child: ChildProcess; pid: number }[] = [];
const cgroups = new Set<string>();
afterEach(async () => {
  for (const { child, pid } of monitors.splice(0)) {
    process.kill(pid, 'SIGKILL');
    child.kill('SIGKILL');
  }
  await removeCgroups(cgroups);
  cgroups.clear();
});

/** A process in the cgroup of a machine, whose parent calls itself as LXC's monitor does. @returns its PID */
async function machineOf(monitor: string, cgroup: string): Promise<number> {
  const child = spawn('bash', [], { argv0: monitor, stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.write('sleep 1000000 >&2 & echo $!\n');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  monitors.push({ child, pid });
  const root = fs.existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';
  cgroups.add(cgroup).add(cgroup.slice(0, cgroup.lastIndexOf('/')));
  fs.mkdirSync(root + cgroup, { recursive: true });
  fs.writeFileSync(`${root}${cgroup}/cgroup.procs`, String(pid));
  return pid;
}

test.skipIf(!isRoot).each([
  ['incus', '/var/lib/incus/containers'],
  ['lxd', '/var/snap/lxd/common/lxd/containers'],
  ['lxd', '/var/lib/lxd/containers'],
  ['lxc', '/var/lib/lxc'],
  ['lxc', '/srv/lxdish'],
])('%s, by the folder of its monitor: %s', async (runtime, folder) => {
  // LXC appends a number where a cgroup of that name was left.
  const pid = await machineOf(`[lxc monitor] ${folder} ${NAME}`, `/sltest-${process.pid}/lxc.payload.${NAME}-1`);
  const { containers } = JSON.parse(socklens(['ps', '--json']).stdout) as { containers: { name: string }[] };
  expect(containers.filter(({ name }) => name === NAME)).toMatchObject([{ runtime, pid }]);
  expect(socklens(['ls', `${runtime}:${NAME}`]).status).toBe(0);
  const { platform } = JSON.parse(socklens(['limits', NAME, '--json']).stdout) as { platform: unknown };
  expect(platform).toMatchObject({ kind: runtime, name: NAME });
});

test.skipIf(!isRoot)('without a monitor that can be seen, by the name of the cgroup', async () => {
  const pid = await machineOf('bash', `/sltest-${process.pid}/lxc.payload.${NAME}`);
  const { containers } = JSON.parse(socklens(['ps', '--json']).stdout) as { containers: { name: string }[] };
  expect(containers.filter(({ name }) => name === NAME)).toMatchObject([{ runtime: 'lxc', pid }]);
});

test.skipIf(!isRoot)('a name with control characters is shown without them', async () => {
  await machineOf('bash', `/sltest-${process.pid}/lxc.payload.${NAME}\u001b[31m`);
  const { stdout } = socklens(['ps']);
  expect(stdout).toContain(NAME);
  expect(stdout).not.toContain('\u001b[31m');
});
