/**
 * A network namespace and a mount namespace for a daemon that changes links, routes, the packet filter
 * or mounts: none of it is the host's, and all of it is gone when the last process in there has ended.
 * Processes keep the ids that they have on the machine.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { endProcessesOf, removeCgroups } from './private-processes.ts';

/** Folders in the temporary folder: `PREFIX-PID-…`, the process id is of who made it. */
const FOLDER_PREFIX = 'socklens-private-';

const HOLDER = path.join(import.meta.dirname, 'private-namespaces.sh');

export interface PrivateNamespaces {
  /** The process that holds them, on this machine: `/proc/PID/ns/net`. */
  readonly pid: number;
  /**
   * A folder of the daemon's own, the same in all mount namespaces. The command line of every daemon
   * must name it: by that its processes are found when whoever started it is gone.
   */
  readonly folder: string;
  /** Words before a program that is to run in both namespaces. */
  readonly enter: readonly string[];
  /** Kills what still runs inside, containers among it, and removes the folder. Can be called twice. */
  end(): Promise<void>;
}

/**
 * Makes both namespaces, loopback up. What a killed test run left behind is removed first.
 *
 * @throws where the machine does not allow it: it needs root, and `unshare` and `setpriv` of util-linux
 */
export async function createPrivateNamespaces(): Promise<PrivateNamespaces> {
  await removeStale();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
  // Unmounting on the host reaches the copy, and nothing that happens in the copy reaches the host.
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
 * Words before a program for which the machine's first process is in the network namespace of `pid`.
 * What socklens calls `host` is the namespace of the first process, and a private Engine's containers
 * with `--network host` are in the Engine's.
 *
 * @param pid such as the holder's
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

/** What belongs to a process that is no more. */
async function removeStale(): Promise<void> {
  for (const name of fs.readdirSync(os.tmpdir())) {
    const pid = new RegExp(`^${FOLDER_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !fs.existsSync(`/proc/${pid}`)) await removeFolder(path.join(os.tmpdir(), name));
  }
}
