/** Podman of a test file's own, rootful and as an ordinary user: its own folders, runc, and namespaces of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { until } from '../netns.ts';
import { createPrivateNamespaces, type PrivateNamespaces } from '../private-namespaces.ts';
import { removeCgroups, removeSharedCgroups } from '../private-processes.ts';

/** How long a service may take to start, milliseconds. */
const START_MS = 120_000;

/** The ordinary user. */
export const PODMAN_USER = 12_345;

/** The image of all containers, once one was run: busybox. */
export const IMAGE = 'localhost/box:1';

/** Podman of one user. */
export interface TestPodman {
  /** Path of the socket where its service listens, in the mount namespace of {@link TestPodmans.enter}. */
  readonly socket: string;
  /** Runs `podman`. @returns its stdout without the last newline */
  podman(...args: string[]): string;
  /** Starts a container of busybox that runs `script`. @param options of `podman run` @returns id and PID */
  run(name: string, options?: readonly string[], script?: string): { id: string; pid: number };
  /** Starts its service, and waits until it answers. */
  serve(): Promise<void>;
  /** Kills its service; containers go on. */
  stopService(): Promise<void>;
}

/** Both, on one machine. */
export interface TestPodmans {
  readonly folder: string;
  readonly root: TestPodman;
  readonly user: TestPodman;
  /** A process in the network namespace that is `--network host` for rootful containers. */
  readonly hostPid: number;
  /** Command prefix that runs a program in the network and mount namespaces of both. */
  readonly enter: readonly string[];
  /** As {@link enter}; that network namespace is the target `host` of socklens. */
  readonly asMachine: readonly string[];
  /** Kills everything inside and removes the folder. */
  stop(): Promise<void>;
}

/** The global paths of Podman, covered; a user with subordinate ids. */
const COVER = `
for name in containers libpod netns user crun; do mkdir -p /run/$name; mount -t tmpfs tmpfs /run/$name; done
mkdir "$0/cover" && mount -t tmpfs tmpfs "$0/cover"
for name in etc var/lib; do
  mkdir -p "$0/cover/$name/up" "$0/cover/$name/work"
  mount -t overlay -o "lowerdir=/$name,upperdir=$0/cover/$name/up,workdir=$0/cover/$name/work" overlay "/$name"
done
echo "slpodman:x:$1:$1::$0/home:/bin/sh" >>/etc/passwd
echo "slpodman:x:$1:" >>/etc/group
echo "slpodman:2000000:65536" >>/etc/subuid
echo "slpodman:2000000:65536" >>/etc/subgid
mkdir -p "$0/home" "/run/user/$1/podman"
chown -R "$1:$1" "$0/home" "/run/user/$1"
chmod 700 "/run/user/$1"
chmod 711 "$0"
`;

/** Starts both without a service. @throws where this machine cannot */
export async function startPodmans(): Promise<TestPodmans> {
  const namespaces = await createPrivateNamespaces();
  try {
    return started(namespaces);
  } catch (error) {
    await namespaces.end();
    throw error;
  }
}

function started(namespaces: PrivateNamespaces): TestPodmans {
  const { folder, enter, pid } = namespaces;
  const [command = '', ...rest] = enter;
  execFileSync(command, [...rest, 'sh', '-euc', COVER, folder, String(PODMAN_USER)]);
  for (const each of [folder, `${folder}/home`])
    fs.writeFileSync(`${each}/containers.conf`, CONFIGURATION.replaceAll('FOLDER', each));
  const image = writeRoot(folder);
  const bind = `mount --bind /proc/${pid} /proc/1 && exec "$@"`;
  const environment = (of: string) => [
    'env',
    '-i',
    `PATH=${process.env.PATH}`,
    `CONTAINERS_CONF=${of}/containers.conf`,
  ];
  const root = new PodmanOf(folder, image, `${folder}/podman.sock`, [...enter, ...environment(folder), 'HOME=/root']);
  const ids = ['--reuid', String(PODMAN_USER), '--regid', String(PODMAN_USER), '--clear-groups', '--'];
  const runtimeFolder = `/run/user/${PODMAN_USER}`;
  const user = new PodmanOf(`${folder}/home`, image, `${runtimeFolder}/podman/podman.sock`, [
    ...[...enter, 'setpriv', ...ids, ...environment(`${folder}/home`)],
    ...[`HOME=${folder}/home`, `XDG_RUNTIME_DIR=${runtimeFolder}`, 'sh', '-c', 'cd && exec "$@"', 'sh'],
  ]);
  return {
    folder,
    root,
    user,
    hostPid: pid,
    enter,
    asMachine: [...enter, 'unshare', '--mount', '--propagation', 'slave', '--', 'sh', '-c', bind, 'sh'],
    async stop() {
      const pods = root.podman('pod', 'ls', '--quiet', '--no-trunc').split('\n').filter(Boolean);
      await namespaces.end();
      await removeCgroups(new Set(pods.flatMap((id) => [`/libpod_parent/${id}/conmon`, `/libpod_parent/${id}`])));
      await removeSharedCgroups(['/libpod_parent/conmon', '/libpod_parent']);
    },
  };
}

/** crun refuses a host with both versions of cgroups; without CAP_SYS_RESOURCE limits cannot be raised. */
const CONFIGURATION = `
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_config_dir = "FOLDER/networks"
`;

/** A root folder as an archive for `podman import`. @returns its path */
function writeRoot(folder: string): string {
  for (const name of ['bin', 'tmp', 'etc', 'dev', 'proc', 'sys', 'run'])
    fs.mkdirSync(`${folder}/box/${name}`, { recursive: true });
  fs.copyFileSync('/bin/busybox', `${folder}/box/bin/busybox`);
  const file = `${folder}/box.tar`;
  execFileSync('tar', ['-C', `${folder}/box`, '--owner=0', '--group=0', '-cf', file, '.']);
  fs.chmodSync(file, 0o644);
  return file;
}

class PodmanOf implements TestPodman {
  readonly socket: string;
  readonly #command: readonly string[];
  readonly #image: string;
  #hasImage = false;
  #service: ChildProcess | undefined;

  /** @param prefix runs a program as this user */
  constructor(folder: string, image: string, socket: string, prefix: readonly string[]) {
    this.socket = socket;
    this.#image = image;
    // A file system of the kernel's needs privileges that a user lacks; and the folder must be in the command line.
    const places = ['--root', `${folder}/storage`, '--runroot', `${folder}/run`, '--storage-driver', 'vfs'];
    this.#command = [...prefix, 'podman', ...places];
  }

  podman(...args: string[]): string {
    const [command = '', ...rest] = [...this.#command, ...args];
    return execFileSync(command, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trimEnd();
  }

  run(name: string, options: readonly string[] = [], script = 'exec /bin/busybox sleep 1000000') {
    if (!this.#hasImage) this.podman('import', this.#image, IMAGE);
    this.#hasImage = true;
    const id = this.podman('run', '-d', '--name', name, ...options, IMAGE, '/bin/busybox', 'sh', '-c', script);
    return { id, pid: Number(this.podman('inspect', '--format', '{{.State.Pid}}', id)) };
  }

  async serve(): Promise<void> {
    const words = [...this.#command, 'system', 'service', '--time=0', `unix://${this.socket}`];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#service = child;
    let stderr = '';
    child.stderr.on('data', (piece) => {
      stderr += piece;
    });
    // Through the process's root: the socket may be in its mount namespace alone.
    const answers = () => {
      if (child.exitCode !== null) throw new Error(`podman's service exited with status ${child.exitCode}: ${stderr}`);
      return ping(`/proc/${child.pid}/root${this.socket}`);
    };
    await until("podman's service", answers, START_MS);
  }

  async stopService(): Promise<void> {
    const child = this.#service;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
}

function ping(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ socketPath, path: '/_ping', agent: false, timeout: 1000 }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
