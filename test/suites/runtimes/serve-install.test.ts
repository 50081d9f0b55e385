/** `socklens serve --install` under a systemd that runs: a machine of systemd-nspawn over an overlay of this one's files. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { until } from '../../support/netns.ts';

const CHECKOUT = path.resolve(import.meta.dirname, '../../..');
/** Where the machine has the checkout: its own `/tmp` hides one that is there. */
const INSIDE = '/opt/socklens-checkout';

/** Trees of cgroups in which a machine may have some: of version 1 the one of systemd, of version 2, and both. */
const CGROUPS = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified', '/sys/fs/cgroup'];

let machine: Machine | undefined;
afterEach(async () => {
  await machine?.stop();
  machine = undefined;
});

/** A machine whose files are those of this one, with changes in memory, and which starts no service. */
class Machine {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #name: string;
  #output = '';
  #leader = 0;

  constructor() {
    this.#folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-machine-'));
    this.#name = `sltest-${process.pid}`;
    const root = path.join(this.#folder, 'root');
    const boot = [
      ...['systemd-nspawn', '--boot', '--quiet', '--register=no', '--keep-unit', '--private-network'],
      ...['--link-journal=no', `--directory=${root}`, `--machine=${this.#name}`, `--bind-ro=${CHECKOUT}:${INSIDE}`],
      'systemd.unit=basic.target',
    ];
    const script = `set -e
      cd '${this.#folder}'
      for tree in ${CGROUPS.join(' ')}; do
        [ -e $tree/cgroup.procs ] || continue
        mkdir $tree/${this.#name}
        echo $$ >$tree/${this.#name}/cgroup.procs
      done
      mkdir root memory
      mount -t tmpfs memory memory
      mkdir memory/upper memory/work
      mount -t overlay overlay -o lowerdir=/,upperdir=memory/upper,workdir=memory/work root
      rm -rf root/etc/machine-id root/etc/systemd/system/socklens.service root/etc/socklens root/var/lib/socklens
      echo ${'0123456789abcdef'.repeat(2)} >root/etc/machine-id
      mkdir -p root${INSIDE}
      exec ${boot.map((word) => `'${word}'`).join(' ')} </dev/null`;
    this.#child = spawn('unshare', ['--mount', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (piece: Buffer) => (this.#output += piece));
  }

  /** Waits until its systemd takes commands. */
  async booted(): Promise<void> {
    await until(
      'systemd of the machine',
      () => {
        if (this.#child.exitCode !== null) throw new Error(`the machine did not start: ${this.#output}`);
        this.#leader = leaderOf(this.#child.pid ?? 0);
        return this.#leader !== 0 && this.run('systemctl', 'is-active', 'basic.target').output.trim() === 'active';
      },
      240_000,
    );
  }

  /** Runs a program in it. */
  run(...command: string[]): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(
      'nsenter',
      [`--target=${this.#leader}`, '--mount', '--uts', '--ipc', '--net', '--pid', '--root', '--wd=/', '--', ...command],
      { encoding: 'utf8', timeout: 240_000 },
    );
    return { status, output: `${stdout}${stderr}` };
  }

  async stop(): Promise<void> {
    // Its first process ends at once, and all others with it.
    if (this.#leader !== 0) process.kill(this.#leader, 'SIGKILL');
    else this.#child.kill('SIGKILL');
    await until(
      'the end of the machine',
      () => this.#child.exitCode !== null || this.#child.signalCode !== null,
      120_000,
    );
    for (const tree of CGROUPS)
      await until('its empty cgroups', () => removeCgroup(path.join(tree, this.#name)), 60_000);
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The first process of a machine: the child of systemd-nspawn that is called systemd; 0 before it is there. */
function leaderOf(pid: number): number {
  const children = (of: number) => {
    try {
      return fs.readFileSync(`/proc/${of}/task/${of}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
    } catch {
      return [];
    }
  };
  const all = children(pid).flatMap((child) => [child, ...children(child)]);
  return all.find((one) => nameOf(one) === 'systemd') ?? 0;
}

/** Removes a cgroup and those in it. @returns false while processes are in one */
function removeCgroup(folder: string): boolean {
  if (!fs.existsSync(folder)) return true;
  try {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory() && !removeCgroup(path.join(folder, entry.name))) return false;
    fs.rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

function nameOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

const missing = spawnSync('systemd-nspawn', ['--version']).status === 0 ? undefined : 'no systemd-nspawn';

it.skipIf(missing !== undefined)(
  'serve: installs a service that runs, is linked to and answers, and removes it again',
  async () => {
    const made = new Machine();
    machine = made;
    await made.booted();
    const socklens = (...args: string[]) => made.run(`${INSIDE}/bin/socklens`, ...args);
    const installed = socklens('serve', '--install');
    expect(installed).toMatchObject({ status: 0, output: expect.stringContaining('is installed and runs') });
    const link = await until(
      'the link',
      () => /http:\/\/127\.0\.0\.1:7077\/#token=\S+/.exec(socklens('serve', '--link').output)?.[0],
      120_000,
    );
    expect(made.run('systemctl', 'is-enabled', 'socklens.service').output.trim()).toBe('enabled');
    expect(made.run('stat', '--format=%a', '/var/lib/socklens/token').output.trim()).toBe('600');
    const token = new URL(link).hash.replace('#token=', '');
    // The journal, which others may read, does not have it.
    expect(made.run('journalctl', '--unit=socklens.service', '--no-pager').output).not.toContain(token);
    await until(
      'an answer of the service',
      () => {
        const script = `fetch('http://127.0.0.1:7077/readyz').then(({ status }) => console.log(status))`;
        return (
          made
            .run(
              process.execPath.startsWith(CHECKOUT) ? process.execPath.replace(CHECKOUT, INSIDE) : process.execPath,
              '-e',
              script,
            )
            .output.trim() === '200'
        );
      },
      120_000,
    );
    expect(socklens('serve', '--uninstall')).toMatchObject({
      status: 0,
      output: expect.stringContaining('is removed'),
    });
    expect(made.run('systemctl', 'is-active', 'socklens.service').output.trim()).not.toBe('active');
    expect(made.run('ls', '/etc/systemd/system/socklens.service').status).not.toBe(0);
    // What it kept stays.
    expect(made.run('ls', '/var/lib/socklens/history.db').status).toBe(0);
  },
  600_000,
);
