import os from 'node:os';
import { koffiSystemCalls } from '../kernel/koffi-system-calls.ts';
import type { SystemCalls } from '../kernel/system-calls.ts';
import { connectUnixStream } from '../kernel/unix-stream.ts';
import { CGROUP_ROOT } from '../procfs/cgroup.ts';
import { CONMON } from '../procfs/conmon.ts';
import { PROC } from '../procfs/read.ts';
import { SHIM } from '../procfs/shim.ts';
import { criSource } from '../runtimes/containerd/cri-source.ts';
import { dockerSource } from '../runtimes/docker/docker-runtimes.ts';
import type { UnixStream } from '../runtimes/docker/unix-stream.ts';
import { taskSource } from '../runtimes/ecs/task-source.ts';
import { conmonSource } from './containers/conmon-source.ts';
import { ConmonTable } from './containers/conmon-table.ts';
import { ContainerStorage } from './containers/container-storage.ts';
import { containerdSource } from './containers/containerd-source.ts';
import { ProcessesByName, RuntimeFinder } from './containers/runtime-finder.ts';
import { ShimTable } from './containers/shim-table.ts';
import type { Machine } from './machine.ts';

/**
 * The machine that this process runs on.
 *
 * @param env variables that locate the container runtimes: DOCKER_HOST, DOCKER_CONTEXT, CONTAINER_HOST, CONTAINER_RUNTIME_ENDPOINT,
 *   ECS_CONTAINER_METADATA_URI_V4, HOME; and
 *   SOCKLENS_BPF, `off` where no program may be loaded into the kernel
 */
export function localMachine(env: Readonly<Record<string, string | undefined>>): Machine {
  let found: FoundRuntimes | undefined;
  const runtimes = () => (found ??= foundRuntimes(env));
  return {
    proc: PROC,
    namedNamespaces: '/run/netns',
    etc: '/etc',
    cgroupRoot: CGROUP_ROOT,
    systemCalls: koffiSystemCalls,
    withoutPrograms: env.SOCKLENS_BPF === 'off',
    // Made on first use: only container targets need a runtime.
    findRuntimes: () => runtimes().finder.find(),
    shims: () => runtimes().shims,
    conmons: () => runtimes().conmons,
    containerStorage: () => runtimes().storage,
    hostAddresses: () =>
      Object.values(os.networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)),
  };
}

interface FoundRuntimes {
  finder: RuntimeFinder;
  shims: ShimTable;
  conmons: ConmonTable;
  storage: ContainerStorage;
}

function foundRuntimes(env: Readonly<Record<string, string | undefined>>): FoundRuntimes {
  const processes = new ProcessesByName([SHIM, CONMON], PROC);
  const shims = new ShimTable(() => processes.pidsOf(SHIM), PROC);
  const storage = new ContainerStorage();
  const conmons = new ConmonTable(() => processes.pidsOf(CONMON), storage, PROC);
  const sources = [
    dockerSource(env, env.HOME ?? homeFolder(), { connectUnix }),
    containerdSource(shims, env, PROC),
    criSource(env, '/etc'),
    taskSource(env),
    conmonSource(conmons),
  ];
  return { finder: new RuntimeFinder(sources, processes), shims, conmons, storage };
}

/** By the user database; the root folder where that has no entry for this user, as in an image without one. */
function homeFolder(): string {
  try {
    return os.homedir();
  } catch {
    return '/';
  }
}

/** A blocking connection to an Engine's socket; undefined where system calls are not available. */
function connectUnix(path: string, timeoutMs: number): UnixStream | undefined {
  let calls: SystemCalls;
  try {
    calls = koffiSystemCalls();
  } catch {
    return undefined;
  }
  return connectUnixStream(calls, path, timeoutMs);
}
