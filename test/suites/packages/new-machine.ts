/**
 * A machine that nobody has prepared: this machine's files without Node, npm and what a socklens on it keeps, each change
 * in memory only, in a mount and a network namespace of its own.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createPrivateNamespaces } from '../../support/private-namespaces.ts';
import { HANG_MS } from './release.ts';

export interface NewMachine {
  /** A process in its namespaces. */
  readonly pid: number;
  /** Its root folder, inside its mount namespace. */
  readonly root: string;
  /** Puts a file there. @param place absolute path on it */
  bring(file: string, place: string): void;
  /** Runs a shell script as its root user, in `/root`, with nothing in the environment but a PATH. */
  run(script: string): { status: number | null; stdout: string; stderr: string };
  /** The same. @returns stdout @throws for an exit status other than 0 */
  must(script: string): string;
  end(): Promise<void>;
}

/** @param socket an Engine's socket, which it has at `/var/run/docker.sock` */
export async function startNewMachine(socket?: string): Promise<NewMachine> {
  const { enter, folder, pid, end } = await createPrivateNamespaces();
  const root = `${folder}/root`;
  const inside = (script: string, ...args: string[]) => {
    const [command = '', ...rest] = [...enter, 'sh', '-ec', script, root, ...args];
    return spawnSync(command, rest, { encoding: 'utf8', timeout: HANG_MS });
  };
  const made = inside(MAKE, folder, socket ?? '');
  if (made.status !== 0) {
    await end();
    throw new Error(`a new machine: ${made.stderr}`);
  }
  const run = (script: string) => {
    const chroot = ['chroot', root, 'env', '-i', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
    const [command = '', ...rest] = [...enter, ...chroot, 'HOME=/root', 'sh', '-c', `umask 022; cd && ${script}`];
    const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', timeout: HANG_MS });
    return { status, stdout, stderr };
  };
  return {
    pid,
    root,
    bring(file, place) {
      const target = path.join(root, place);
      // The file is outside the private mounts, which the script sees by its open descriptor.
      const content = fs.openSync(file, 'r');
      const [command = '', ...rest] = [...enter, 'sh', '-ec', 'mkdir -p "$1"; cat >"$0"', target, path.dirname(target)];
      const { status, stderr } = spawnSync(command, rest, { stdio: [content, 'ignore', 'pipe'], encoding: 'utf8' });
      fs.closeSync(content);
      if (status !== 0) throw new Error(`${place}: ${stderr}`);
    },
    run,
    must(script) {
      const { status, stdout, stderr } = run(script);
      if (status !== 0) throw new Error(`${script}: status ${status}\n${stdout}${stderr}`);
      return stdout;
    },
    end,
  };
}

/**
 * `$0` is the root, `$1` the folder of the namespaces, `$2` an Engine's socket. The bundle and its Node stay where they
 * are on the build machine, out of the PATH.
 */
const MAKE = `
  mkdir "$1/memory"; mount -t tmpfs tmpfs "$1/memory"
  mkdir "$1/memory/up" "$1/memory/work" "$0"
  mount -t overlay -o "lowerdir=/,upperdir=$1/memory/up,workdir=$1/memory/work" overlay "$0"
  for each in proc sys dev; do mount --rbind "/$each" "$0/$each"; done
  mount -t tmpfs tmpfs "$0/run"
  mount -t tmpfs -o mode=1777 tmpfs "$0/tmp"
  for each in node nodejs npm npx; do rm -f "$0/usr/bin/$each" "$0/usr/local/bin/$each"; done
  # Of a socklens that has run on the build machine.
  rm -rf "$0/var/lib/socklens" "$0/etc/socklens"
  if [ -n "$2" ]; then
    touch "$0/run/docker.sock"
    mount --bind "$2" "$0/run/docker.sock"
  fi
`;
