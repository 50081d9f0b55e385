/** A containerd of a test file's own, with CRI, on its own folders and in namespaces of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { GrpcConnection } from '../../../src/runtimes/containerd/grpc.ts';
import { until } from '../netns.ts';
import { createPrivateNamespaces, machineOf, type PrivateNamespaces } from '../private-namespaces.ts';
import { isRunning } from '../private-processes.ts';
import { programMissing } from './available.ts';
import { writeCni } from './cni.ts';
import { writeImage } from './image-tar.ts';

/** How long it may take to start and to stop, milliseconds. */
const START_MS = 120_000;

/** The image of a pod's sandbox and that of containers; both are busybox. */
export const PAUSE_IMAGE = 'localhost/pause:1';
export const BOX_IMAGE = 'localhost/box:1';

/** Namespaces of containerd that have the images. The cgroups of `ctr` are below a folder with such a name. */
export const OWN_NAMESPACE = `sltest-${process.pid}`;
const NAMESPACES = ['k8s.io', 'default', 'work', OWN_NAMESPACE];

/** Limit of open files of containers of the runtime handler `limited`. */
export const LIMITED = { soft: 1234, hard: 2345 };

/** A running containerd. */
export interface TestContainerd {
  /** Path of its socket, which is the same in every mount namespace. */
  readonly socket: string;
  /** Its folder: `root`, `state`, `log`. */
  readonly folder: string;
  /** The snapshotter that works here. */
  readonly snapshotter: string;
  /** A process in the network namespace that is the host's for its pods and containers. */
  readonly hostPid: number;
  /** Command prefix that makes that namespace the target `host` of socklens. */
  readonly asMachine: readonly string[];
  /** Process id of the daemon; undefined while it is stopped. */
  daemonPid(): number | undefined;
  /** Runs a program in its network and mount namespaces. @returns its stdout */
  run(program: string, ...args: string[]): string;
  /** Runs `ctr` in a namespace of containerd. @returns its stdout */
  ctr(namespace: string, ...args: string[]): string;
  /** Stops the daemon; pods and containers go on. The socket's file is removed, as by a package's upgrade. */
  halt(): Promise<void>;
  /** Starts it again after {@link halt}. */
  resume(): Promise<void>;
  /** Kills everything inside and removes the folder. */
  stop(): Promise<void>;
}

/** Starts one. @returns the reason when it cannot be started; where the variable CI is set, it throws that */
export async function startContainerd(): Promise<TestContainerd | string> {
  const missing = programMissing('containerd', 'ctr', 'runc', 'containerd-shim-runc-v2');
  if (missing !== undefined) return missing;
  const namespaces = await createPrivateNamespaces();
  try {
    return await started(namespaces);
  } catch (error) {
    await namespaces.end();
    throw error;
  }
}

async function started(namespaces: PrivateNamespaces): Promise<TestContainerd> {
  const { folder, enter, pid: hostPid } = namespaces;
  const inside = (program: string, ...args: string[]) => {
    const [command = '', ...rest] = [...enter, program, ...args];
    return execFileSync(command, rest, { encoding: 'utf8' });
  };
  const socket = `${folder}/containerd.sock`;
  const ctr = (namespace: string, ...args: string[]) => inside('ctr', '-a', socket, '-n', namespace, ...args);
  // CNI's library writes its results to /var/lib/cni, and no setting of containerd changes that.
  const cover = `mkdir "$0/var" && mount -t tmpfs tmpfs "$0/var" && mkdir "$0/var/up" "$0/var/work" &&
    mount -t overlay -o "lowerdir=/var/lib,upperdir=$0/var/up,workdir=$0/var/work" overlay /var/lib`;
  inside('sh', '-c', cover, folder);
  const spec = JSON.parse(inside('ctr', 'oci', 'spec')) as { process: Record<string, unknown> };
  spec.process.rlimits = [{ type: 'RLIMIT_NOFILE', ...LIMITED }];
  fs.writeFileSync(`${folder}/limited.json`, JSON.stringify(spec));
  fs.writeFileSync(`${folder}/config.toml`, configuration(folder, socket));

  let daemon: ChildProcess | undefined;
  const resume = async () => {
    const log = fs.openSync(`${folder}/log`, 'a');
    const command = [...enter, 'containerd', '--config', `${folder}/config.toml`];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...command], { stdio: ['ignore', log, log] });
    fs.closeSync(log);
    daemon = child;
    await until(
      'containerd',
      async () => {
        if (child.exitCode !== null) throw new Error(`containerd exited: ${lastLines(`${folder}/log`)}`);
        if (!fs.existsSync(socket)) return false;
        try {
          // While it starts, its plugins answer one after the other.
          return ctr('k8s.io', 'plugins', 'ls').includes('cri') && (await answersCri(socket));
        } catch {
          return false;
        }
      },
      START_MS,
    );
  };
  await resume();
  for (const [tag, command] of [
    [PAUSE_IMAGE, ['/bin/sleep', '1000000']],
    [BOX_IMAGE, ['/bin/sleep', '1000000']],
  ] as const) {
    const archive = writeImage(folder, tag, command);
    for (const namespace of NAMESPACES) ctr(namespace, 'images', 'import', archive);
  }
  return {
    socket,
    folder,
    snapshotter: snapshotterFor(folder),
    hostPid,
    asMachine: machineOf(hostPid),
    daemonPid: () => daemon?.pid,
    run: inside,
    ctr,
    async halt() {
      const pid = daemon?.pid;
      daemon?.kill('SIGKILL');
      daemon = undefined;
      if (pid !== undefined) await until('the exit of containerd', () => !isRunning(pid), START_MS);
      fs.rmSync(socket, { force: true });
    },
    resume,
    stop: () => namespaces.end(),
  };
}

async function answersCri(socket: string): Promise<boolean> {
  const connection = new GrpcConnection(socket);
  try {
    await connection.call('/runtime.v1.RuntimeService/Version', new Uint8Array());
    return true;
  } finally {
    connection.close();
  }
}

function configuration(folder: string, socket: string): string {
  const { bin, conf } = writeCni(`${folder}/cni`);
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
  address = "${socket}"
[ttrpc]
  address = "${socket}.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/opt"
[${cri}]
  sandbox_image = "${PAUSE_IMAGE}"
  # The tests may run without CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [${cri}.cni]
    bin_dir = "${bin}"
    conf_dir = "${conf}"
  [${cri}.containerd]
    snapshotter = "${snapshotterFor(folder)}"
    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [${cri}.containerd.runtimes.runc.options]
        Root = "${folder}/runc"
    [${cri}.containerd.runtimes.limited]
      runtime_type = "io.containerd.runc.v2"
      base_runtime_spec = "${folder}/limited.json"
      [${cri}.containerd.runtimes.limited.options]
        Root = "${folder}/runc"
`;
}

function snapshotterFor(folder: string): string {
  return fs.statfsSync(folder).type === OVERLAYFS_MAGIC ? 'native' : 'overlayfs';
}

/** include/uapi/linux/magic.h: an overlay cannot be the upper folder of another. */
const OVERLAYFS_MAGIC = 0x794c7630;

function lastLines(file: string): string {
  return fs.readFileSync(file, 'utf8').trim().split('\n').slice(-3).join(' | ');
}
