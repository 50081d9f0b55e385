/** Starts systemd on a {@link NewMachine}, as on a machine whose services run. */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { until } from '../../support/netns.ts';
import { removeCgroups } from '../../support/private-processes.ts';
import type { NewMachine } from './new-machine.ts';
import { HANG_MS } from './release.ts';

/** A machine with systemd as its process 1, in namespaces of its own, its network included. */
export interface BootedMachine {
  /** Runs a shell script as root there, in `/root`, with nothing in the environment but a PATH. */
  run(script: string): { status: number | null; stdout: string; stderr: string };
  /** The same. @returns stdout @throws for an exit status other than 0 */
  must(script: string): string;
  /** Ends it with the machine. */
  end(): Promise<void>;
}

/** No service starts but those that a test enables, and those may: policy-rc.d(8) forbids it on machines like this one. */
const NOTHING_ENABLED = 'rm -rf /etc/systemd/system/*.wants /etc/rc?.d/S* /usr/sbin/policy-rc.d';

/** Where hierarchies of cgroups are, of both versions. */
const HIERARCHIES = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup'];

/** Boots a machine, and waits until systemd has started all that is enabled. */
export async function boot(machine: NewMachine): Promise<BootedMachine> {
  machine.must(NOTHING_ENABLED);
  const cgroup = `/sltest-boot-${process.pid}`;
  const roots = HIERARCHIES.filter((root) => fs.existsSync(`${root}/cgroup.procs`));
  for (const root of roots) fs.mkdirSync(root + cgroup, { recursive: true });
  // It mounts its own.
  const bare = ['proc', 'sys', 'dev', 'run', 'tmp'].map((each) => `umount --lazy '${machine.root}/${each}'`).join('; ');
  const join = roots.map((root) => `echo $$ >'${root}${cgroup}/cgroup.procs'`).join('; ');
  const enter = ['nsenter', `--net=/proc/${machine.pid}/ns/net`, `--mount=/proc/${machine.pid}/ns/mnt`, '--'];
  const options = ['--quiet', '--register=no', '--keep-unit', '--private-network', '--boot', '--machine=sltest'];
  const nspawn = ['systemd-nspawn', ...options, '--directory', machine.root, 'systemd.unit=multi-user.target'];
  const [program = '', ...rest] = [...enter, 'sh', '-ec', `${bare}; ${join}; exec "$@"`, 'sh', ...nspawn];
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (output += piece.toString()));
  const leader = await until(
    'process 1',
    () => {
      if (child.exitCode !== null) throw new Error(`systemd-nspawn exited: ${output}`);
      return childrenOf(child.pid ?? 0).find(isSystemd);
    },
    HANG_MS,
  );
  const run = (script: string) => {
    const namespaces = ['mount', 'pid', 'net', 'uts', 'ipc', 'cgroup', 'root', 'wd'].map((each) => `--${each}`);
    const inside = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'sh', '-c', `cd && ${script}`];
    const { status, stdout, stderr } = spawnSync('nsenter', [`--target=${leader}`, ...namespaces, '--', ...inside], {
      encoding: 'utf8',
      timeout: HANG_MS,
    });
    return { status, stdout, stderr };
  };
  await until('the start of the system', () => run('systemctl is-active multi-user.target').status === 0, HANG_MS);
  return {
    run,
    must(script) {
      const { status, stdout, stderr } = run(script);
      if (status !== 0) throw new Error(`${script}: status ${status}\n${stdout}${stderr}`);
      return stdout;
    },
    async end() {
      await machine.end();
      const below = roots.flatMap((root) =>
        fs
          .readdirSync(root + cgroup, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length)),
      );
      await removeCgroups(new Set([...below, cgroup]));
    },
  };
}

function childrenOf(pid: number): number[] {
  const tasks = fs.readdirSync(`/proc/${pid}/task`);
  const texts = tasks.map((task) => fs.readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1'));
  return texts.flatMap((text) => text.split(' ').filter(Boolean).map(Number));
}

function isSystemd(pid: number): boolean {
  return fs.readFileSync(`/proc/${pid}/comm`, 'latin1') === 'systemd\n';
}
