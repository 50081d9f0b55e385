/**
 * A network namespace and a mount namespace for a daemon that changes links, routes, the packet filter
 * or mounts. The host is not changed, and the kernel removes all of it with the last process inside.
 * The process id namespace is the host's.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { endProcessesOf, removeCgroups } from './private-processes.ts';

/** Folders in the temporary folder: `socklens-private-PID-NAMESPACE-…` with the maker's process id and its namespace of those. */
const FOLDER_PREFIX = 'socklens-private-';

/**
 * The namespace of this process's ids, the last digits of its inode: Podman takes no folder for its state whose path is
 * longer than 50 characters, and a socket none longer than 108, unix(7).
 */
const PID_NAMESPACE = fs.statSync('/proc/self/ns/pid').ino.toString(36).slice(-3);

const HOLDER = path.join(import.meta.dirname, 'private-namespaces.sh');

export interface PrivateNamespaces {
  /** The process that holds them, on this machine: `/proc/PID/ns/net`. */
  readonly pid: number;
  /**
   * The daemon's folder, the same in all mount namespaces. The command line of every daemon must name
   * it: its processes are found by that after their starter has exited.
   */
  readonly folder: string;
  /** Command prefix that runs a program in both namespaces. */
  readonly enter: readonly string[];
  /** Kills all processes inside, containers included, and removes the folder. Can be called twice. */
  end(): Promise<void>;
}

/**
 * Makes both namespaces, loopback up. Removes what killed test runs left behind first.
 *
 * @throws where the machine does not allow it; needs root, and `unshare` and `setpriv` of util-linux
 */
export async function createPrivateNamespaces(): Promise<PrivateNamespaces> {
  await removeStale();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${FOLDER_PREFIX}${process.pid}-${PID_NAMESPACE}-`));
  // Slave propagation: an unmount on the host happens in the copy too; the copy never changes the host.
  const unshare = ['unshare', '--net', '--mount', '--propagation', 'slave', '--'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...unshare, 'sh', HOLDER, folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    stderr += piece;
  });
  child.once('error', (error) => {
    stderr += error.message;
  });
  const first = await readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (first.value !== 'ready' || child.pid === undefined) {
    child.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true, force: true });
    throw new Error(`namespaces of a daemon's own: ${stderr.trim()}`);
  }
  // Neither the holder nor its pipes keep a test run from ending.
  child.unref();
  child.stdout.destroy();
  child.stderr.destroy();
  const { pid } = child;
  return {
    pid,
    folder,
    enter: ['nsenter', `--net=/proc/${pid}/ns/net`, `--mount=/proc/${pid}/ns/mnt`, '--'],
    end: () => removeFolder(folder),
  };
}

/**
 * Command prefix that shows a program the process `pid` as process 1. The target `host` of socklens is
 * the network namespace of process 1, and `--network host` of a private Engine is the Engine's namespace.
 *
 * @param pid process in the Engine's network namespace
 */
export function machineOf(pid: number): string[] {
  const script = `mount --bind /proc/${pid} /proc/1 && exec "$@"`;
  const unshare = ['unshare', '--mount', '--propagation', 'slave', '--'];
  return ['nsenter', `--net=/proc/${pid}/ns/net`, '--', ...unshare, 'sh', '-c', script, 'sh'];
}

async function removeFolder(folder: string): Promise<void> {
  await removeCgroups(await endProcessesOf(folder));
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * Ends the daemons and removes the folders of test processes that have exited. Of one in another namespace of process ids,
 * with the same temporary folder, nothing tells whether it has.
 */
export async function removeStale(): Promise<void> {
  for (const folder of privateFolders()) {
    const [pid, namespace] = path.basename(folder).slice(FOLDER_PREFIX.length).split('-');
    if (namespace === PID_NAMESPACE && !fs.existsSync(`/proc/${pid}`)) await removeFolder(folder);
  }
}

/** Folders of private namespaces, of this test run and of others. */
export function privateFolders(): string[] {
  const name = new RegExp(`^${FOLDER_PREFIX}\\d+-`);
  const names = fs.readdirSync(os.tmpdir()).filter((each) => name.test(each));
  return names.map((each) => path.join(os.tmpdir(), each));
}
