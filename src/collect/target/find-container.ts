import type { ContainerDetails } from '../../model/container/container.ts';
import { Failure } from '../../model/failure.ts';
import { containerOfProcess } from '../../procfs/cgroup.ts';
import { isHidden } from '../../procfs/hidepid.ts';
import { readBootTime } from '../../procfs/host-counters.ts';
import { readStat } from '../../procfs/stat.ts';
import { RuntimeError } from '../../runtimes/runtime.ts';
import type { Machine } from '../machine.ts';
import { readProcessTable } from '../owners/process-table.ts';
import { handleOfProcess, notFound } from './find-netns.ts';
import { meantTarget } from './meant-target.ts';
import type { NetnsHandle } from './netns-handle.ts';

/** An id prefix that is compared with cgroup paths: at least four hexadecimal digits. */
const ID_PREFIX = /^[0-9a-f]{4,64}$/;

/**
 * Finds a running container by its name, id or id prefix.
 *
 * @param runtime asks this runtime alone; undefined for all
 * @throws {Failure} `no-target` when none or several match, or it is not running; `unsupported` when its Engine is on
 *   another machine; `not-permitted` when access to the Engine is denied
 */
export async function findContainer(machine: Machine, name: string, runtime?: string): Promise<NetnsHandle> {
  const { found, errors, asked } = await askForName(machine, name, runtime);
  const [container, ...others] = found;
  if (container === undefined) {
    const handle = findByCgroup(machine, name, runtime);
    if (handle === undefined) throw await noSuchContainer(machine, name, errors, asked);
    return handle;
  }
  if (others.length > 0) throw ambiguous(name, found);
  return handleOfContainer(machine, container);
}

/**
 * The handle of a container from its runtime's details.
 *
 * The runtime's PID is used only if that process's cgroup names the container, or if the process started when the
 * runtime says: otherwise an Engine on another machine would lead to the sockets of an unrelated process.
 *
 * @throws {Failure} `no-target` when it is not running, `unsupported` when its Engine is on another machine,
 *   `not-permitted` when `/proc` hides its process
 */
export function handleOfContainer(machine: Machine, container: ContainerDetails): NetnsHandle {
  const { name, id, pid } = container;
  if (!container.running || pid === undefined) throw notRunning(container);
  if (isHidden(pid, machine.proc)) throw notFound(machine, pid, name);
  const inCgroup = containerOfProcess(pid, machine.proc)?.id === id;
  if (!inCgroup && !startedAsReported(machine, pid, container.startedAt)) {
    throw new Failure(
      'unsupported',
      `${name}: its Engine reports PID ${pid}, which is not the container's process on this machine: the Engine runs on another machine; run socklens there`,
    );
  }
  return handleOfProcess(machine, pid, { name, runtime: container.runtime, id });
}

async function askForName(
  machine: Machine,
  name: string,
  only: string | undefined,
): Promise<{ found: ContainerDetails[]; errors: RuntimeError[]; asked: number }> {
  const errors: RuntimeError[] = [];
  const byId = new Map<string, ContainerDetails>();
  const asked = machine.runtimes.filter((runtime) => only === undefined || runtime.name === only);
  await Promise.all(
    asked.map(async (runtime) => {
      try {
        for (const container of await runtime.find(name)) byId.set(container.id, container);
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        errors.push(error);
      }
    }),
  );
  const all = [...byId.values()].filter((container) => only === undefined || container.runtime === only);
  const exact = all.filter((container) => container.name === name || container.id === name);
  return { found: exact.length > 0 ? exact : all, errors, asked: asked.length };
}

/** Without a runtime's answer a container is found by the id in the cgroup paths of its processes. */
function findByCgroup(machine: Machine, name: string, runtime: string | undefined): NetnsHandle | undefined {
  const ids = new Map<string, { runtime: string; pid: number }>();
  if (ID_PREFIX.test(name)) {
    for (const { pid, container } of readProcessTable(machine)) {
      if (container === undefined || !container.id.startsWith(name) || ids.has(container.id)) continue;
      if (runtime === undefined || container.runtime === runtime)
        ids.set(container.id, { runtime: container.runtime, pid });
    }
  }
  const [match, ...others] = ids;
  if (match === undefined) return undefined;
  if (others.length > 0) {
    const list = [...ids.keys()].map((id) => id.slice(0, 12)).join(', ');
    throw new Failure('no-target', `${name}: matches several containers: ${list}; use a longer id prefix`);
  }
  const [id, { runtime: foundIn, pid }] = match;
  return handleOfProcess(machine, pid, { name: id.slice(0, 12), runtime: foundIn, id });
}

async function noSuchContainer(
  machine: Machine,
  name: string,
  errors: readonly RuntimeError[],
  asked: number,
): Promise<Failure> {
  const worst =
    errors.find((error) => error.kind === 'elsewhere') ??
    errors.find((error) => error.kind === 'denied') ??
    errors.find((error) => error.kind !== 'absent');
  if (worst?.kind === 'elsewhere') return new Failure('unsupported', `${name}: ${worst.message}`, { cause: worst });
  if (worst?.kind === 'denied') return new Failure('not-permitted', `${name}: ${worst.message}`, { cause: worst });
  const anyAnswer = errors.length < asked;
  const why = (worst === undefined ? errors : [worst]).map((error) => error.message).join('; ');
  const hint = worst === undefined && anyAnswer ? '`socklens ps` lists the running ones' : why;
  return new Failure('no-target', `${name}: no such container (${hint})${await meantTarget(machine, name)}`);
}

function ambiguous(name: string, found: readonly ContainerDetails[]): Failure {
  const list = found.map((container) => `${container.runtime}:${container.name} (${container.id.slice(0, 12)})`);
  return new Failure('no-target', `${name}: matches several containers: ${list.join(', ')}; use one of these names`);
}

function notRunning(container: ContainerDetails): Failure {
  const since = container.finishedAt === undefined ? 'it was never started' : `it stopped at ${container.finishedAt}`;
  return new Failure('no-target', `${container.name}: the container is not running; ${since}`);
}

/** Largest difference between the start time that the Engine reports and that of the process, seconds. */
const START_TOLERANCE = 5;

/** Clock ticks per second in `/proc`: USER_HZ, 100 on every architecture that Node runs on. */
const USER_HZ = 100;

function startedAsReported(machine: Machine, pid: number, startedAt: string | undefined): boolean {
  const stat = readStat(pid, machine.proc);
  const bootSeconds = readBootTime(machine.proc);
  if (stat === undefined || bootSeconds === undefined || startedAt === undefined) return false;
  const started = bootSeconds + stat.startTicks / USER_HZ;
  return Math.abs(started - Date.parse(startedAt) / 1000) <= START_TOLERANCE;
}
