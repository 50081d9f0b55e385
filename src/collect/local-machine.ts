import os from 'node:os';
import { koffiSystemCalls } from '../kernel/koffi-system-calls.ts';
import type { SystemCalls } from '../kernel/system-calls.ts';
import { connectUnixStream } from '../kernel/unix-stream.ts';
import { CGROUP_ROOT } from '../procfs/cgroup.ts';
import { PROC } from '../procfs/read.ts';
import { dockerRuntimes } from '../runtimes/docker/docker-runtimes.ts';
import type { UnixStream } from '../runtimes/docker/unix-stream.ts';
import type { Machine } from './machine.ts';

/**
 * The machine that this process runs on.
 *
 * @param env variables that locate the container runtimes: DOCKER_HOST, DOCKER_CONTEXT, CONTAINER_HOST, HOME; and
 *   SOCKLENS_BPF, `off` where no program may be loaded into the kernel
 */
export function localMachine(env: Readonly<Record<string, string | undefined>>): Machine {
  let runtimes: Machine['runtimes'] | undefined;
  return {
    proc: PROC,
    namedNamespaces: '/run/netns',
    etc: '/etc',
    cgroupRoot: CGROUP_ROOT,
    systemCalls: koffiSystemCalls,
    withoutPrograms: env.SOCKLENS_BPF === 'off',
    // Located on first use: only container targets need a runtime.
    get runtimes() {
      runtimes ??= dockerRuntimes(env, env.HOME ?? os.homedir(), { connectUnix });
      return runtimes;
    },
    hostAddresses: () =>
      Object.values(os.networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)),
  };
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
