import type { ContainerDetails } from '../../model/container/container.ts';
import { Failure } from '../../model/failure.ts';
import { readBootTime } from '../../procfs/boot-time.ts';
import { containerOfProcess } from '../../procfs/cgroup.ts';
import { readStat } from '../../procfs/stat.ts';
import { RuntimeError } from '../../runtimes/runtime.ts';
import type { Machine } from '../machine.ts';
import { readProcessTable } from '../owners/process-table.ts';
import { handleOfProcess } from './find-netns.ts';
import type { NetnsHandle } from './netns-handle.ts';

/** An id is worth comparing with cgroup paths when it has at least so many hexadecimal digits. */
const ID_PREFIX = /^[0-9a-f]{4,64}$/;

/**
 * Finds the container that a name, id or id prefix means.
 *
 * @param runtime only this one; undefined for any
 * @throws {Failure} `no-target` when there is none, several, or it is not running; `unsupported`
 *   when its Engine is on another machine; `not-permitted` when the Engine may not be asked
 */
export async function findContainer(machine: Machine, name: string, runtime?: string): Promise<NetnsHandle> {
  const { found, errors, asked } = await askForName(machine, name, runtime);
  const [container, ...others] = found;
  if (container === undefined) return findByCgroup(machine, name, runtime, errors, asked);
  if (others.length > 0) throw ambiguous(name, found);
  return handleOfContainer(machine, container);
}

/**
 * The place of a container that its runtime has described.
 *
 * The PID is believed only if that process's cgroup names the container, or if it started when the
 * Engine says: an Engine on another machine would otherwise show a stranger's sockets.
 *
 * @throws {Failure}
 */
export function handleOfContainer(machine: Machine, container: ContainerDetails): NetnsHandle {
  const { name, id, pid } = container;
  if (!container.running || pid === undefined) throw notRunning(container);
  const inCgroup = containerOfProcess(pid, machine.proc)?.id === id;
  if (!inCgroup && !startedWhenTold(machine, pid, container.startedAt)) {
    throw new Failure(
      'unsupported',
      `${name}: its Engine says PID ${pid}, but that is not its process on this machine: the Engine runs elsewhere; run socklens there`,
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

/** With no runtime to ask, a container is still known by the id in its processes' cgroup path. */
function findByCgroup(
  machine: Machine,
  name: string,
  runtime: string | undefined,
  errors: RuntimeError[],
  asked: number,
): NetnsHandle {
  const ids = new Map<string, { runtime: string; pid: number }>();
  if (ID_PREFIX.test(name)) {
    for (const { pid, container } of readProcessTable(machine)) {
      if (container === undefined || !container.id.startsWith(name) || ids.has(container.id)) continue;
      if (runtime === undefined || container.runtime === runtime)
        ids.set(container.id, { runtime: container.runtime, pid });
    }
  }
  const [match, ...others] = ids;
  if (match === undefined) throw noSuchContainer(name, errors, asked);
  if (others.length > 0) {
    const list = [...ids.keys()].map((id) => id.slice(0, 12)).join(', ');
    throw new Failure('no-target', `${name}: fits several containers: ${list}; give more of the id`);
  }
  const [id, { runtime: foundIn, pid }] = match;
  return handleOfProcess(machine, pid, { name: id.slice(0, 12), runtime: foundIn, id });
}

function noSuchContainer(name: string, errors: readonly RuntimeError[], asked: number): Failure {
  const worst =
    errors.find((error) => error.kind === 'elsewhere') ??
    errors.find((error) => error.kind === 'denied') ??
    errors.find((error) => error.kind !== 'absent');
  if (worst?.kind === 'elsewhere') return new Failure('unsupported', `${name}: ${worst.message}`, { cause: worst });
  if (worst?.kind === 'denied') return new Failure('not-permitted', `${name}: ${worst.message}`, { cause: worst });
  const anyAnswer = errors.length < asked;
  const why = (worst === undefined ? errors : [worst]).map((error) => error.message).join('; ');
  const hint = worst === undefined && anyAnswer ? 'running ones are listed by `socklens ps`' : why;
  return new Failure('no-target', `${name}: no such container (${hint})`);
}

function ambiguous(name: string, found: readonly ContainerDetails[]): Failure {
  const list = found.map((container) => `${container.runtime}:${container.name} (${container.id.slice(0, 12)})`);
  return new Failure('no-target', `${name}: fits several containers: ${list.join(', ')}; name one of them`);
}

function notRunning(container: ContainerDetails): Failure {
  const since =
    container.finishedAt === undefined ? 'it has never been started' : `it stopped at ${container.finishedAt}`;
  return new Failure('no-target', `${container.name}: the container is not running, ${since}`);
}

/** How far the Engine's clock reading and the process's start may lie apart, in seconds. */
const START_TOLERANCE = 5;

/** Clock ticks a second in `/proc`: USER_HZ, 100 on every architecture that Node runs on. */
const USER_HZ = 100;

function startedWhenTold(machine: Machine, pid: number, startedAt: string | undefined): boolean {
  const stat = readStat(pid, machine.proc);
  const bootSeconds = readBootTime(machine.proc);
  if (stat === undefined || bootSeconds === undefined || startedAt === undefined) return false;
  const started = bootSeconds + stat.startTicks / USER_HZ;
  return Math.abs(started - Date.parse(startedAt) / 1000) <= START_TOLERANCE;
}
