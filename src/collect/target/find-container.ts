import type { ContainerDetails } from '../../model/container/container.ts';
import { beginsWith, shortIdOf } from '../../model/container/short-id.ts';
import { labelledName } from '../../model/container/shown-names.ts';
import { Failure } from '../../model/failure.ts';
import { RuntimeError } from '../../runtimes/runtime.ts';
import { containersNamed } from '../containers/containers-named.ts';
import type { Inventory } from '../containers/inventory.ts';
import { oneForEachId } from '../containers/reported.ts';
import type { Machine } from '../machine.ts';
import { readProcessTable } from '../owners/process-table.ts';
import { handleOfProcess } from './find-netns.ts';
import { handleOfContainer, handleOfInstance, unseen } from './handle-of-container.ts';
import { meantTarget } from './meant-target.ts';
import type { NetnsHandle } from './netns-handle.ts';
import { type PodMeaning, podText } from './pod-target.ts';
import { checkServiceName } from './service-target.ts';

/** An id prefix that is compared with cgroup paths: at least four hexadecimal digits. */
const ID_PREFIX = /^[0-9a-f]{4,64}$/;

/**
 * Finds a running container by its name, id or id prefix; where there is none, those of the service with this name.
 *
 * @param runtime asks this runtime alone; undefined for all
 * @param inventory called for a name that no runtime knows, and for a container that is shown by another name
 * @throws {Failure} `no-target` when none or several match, or it is not running; `unsupported` when its Engine is on
 *   another machine; `not-permitted` when access to the Engine is denied
 */
export async function findContainers(
  machine: Machine,
  { name, runtime }: { name: string; runtime?: string },
  inventory: () => Promise<Inventory>,
): Promise<NetnsHandle[]> {
  const { found, errors, asked } = await askForName(machine, name, runtime);
  const [container, ...others] = found;
  if (others.length > 0) throw ambiguous(name, found);
  if (container !== undefined) return [await asShown(handleOfContainer(machine, container), container, inventory)];
  const byCgroup = findByCgroup(machine, name, runtime);
  if (byCgroup !== undefined) return [byCgroup];
  // Machines have no runtime that is asked. One that fails is not asked again: it may be silent.
  const mayBeListed = errors.length < asked || errors.every(({ kind }) => kind === 'absent');
  const { containers } = mayBeListed ? await inventory() : { containers: [] };
  const ofRuntime = containers.filter(({ facts }) => runtime === undefined || facts.runtime === runtime);
  const listed = listedAs(machine, name, ofRuntime);
  if (listed.length > 0) return listed;
  throw noSuchContainer(machine, name, errors, asked, ofRuntime);
}

/** The handle of a container, by the name that all outputs have for it. */
async function asShown(
  handle: NetnsHandle,
  container: ContainerDetails,
  inventory: () => Promise<Inventory>,
): Promise<NetnsHandle> {
  const plain = labelledName(container);
  if (plain === undefined || plain === container.name) return handle;
  const shown = (await inventory()).containers.find(({ facts }) => facts.id === container.id)?.facts.name ?? plain;
  return { ...handle, target: { ...handle.target, name: shown } };
}

/**
 * Containers by names that their runtimes do not know: the name that is shown, or that of their service.
 *
 * @throws {Failure} `no-target` where several services have it
 */
function listedAs(machine: Machine, name: string, containers: Inventory['containers']): NetnsHandle[] {
  const facts = containers.map((container) => container.facts);
  checkServiceName(facts, name);
  const meant = new Set(containersNamed(facts, name));
  return handlesOf(
    machine,
    containers.filter((container) => meant.has(container.facts)),
  );
}

/**
 * The handles of containers; those that stopped since they were listed are left out.
 *
 * @throws {Failure} `no-target` where there are containers, and no process of any of them can be seen
 */
export function handlesOf(machine: Machine, containers: Inventory['containers']): NetnsHandle[] {
  const handles = handlesThere(machine, containers);
  const [first] = containers;
  if (handles.length === 0 && first !== undefined) throw unseen(machine, first.facts);
  return handles;
}

function handlesThere(machine: Machine, containers: Inventory['containers']): NetnsHandle[] {
  return containers.flatMap(({ facts, pid }) => {
    if (pid === undefined) return [];
    try {
      return [handleOfInstance(machine, facts, pid)];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return [];
    }
  });
}

/**
 * The handles of what a `pod:` means: a pod is a place, and one on the host's network means its containers alone.
 * Containers that stopped since they were listed are left out.
 *
 * @param hostNetns see `ProcessEntry.netns`
 */
export function handlesOfPods(
  machine: Machine,
  { containers, isWhole }: PodMeaning<Inventory['containers'][number]>,
  hostNetns: number | undefined,
): NetnsHandle[] {
  if (!isWhole) return handlesThere(machine, containers);
  const places = new Map<string, NetnsHandle>();
  const parts: NetnsHandle[] = [];
  for (const container of containers) {
    const [handle] = handlesThere(machine, [container]);
    if (handle === undefined) continue;
    if (container.netns === hostNetns) parts.push(handle);
    else {
      const { id: _, ...target } = handle.target;
      const place = { ...handle, target: { ...target, name: podText(container.facts) } };
      const key = `${place.target.name} ${target.netns}`;
      if (!places.has(key)) places.set(key, place);
    }
  }
  return [...places.values(), ...parts];
}

async function askForName(
  machine: Machine,
  name: string,
  only: string | undefined,
): Promise<{ found: ContainerDetails[]; errors: RuntimeError[]; asked: number }> {
  const errors: RuntimeError[] = [];
  const asked = machine.findRuntimes().filter((runtime) => only === undefined || runtime.name === only);
  const answers = await Promise.all(
    asked.map(async (runtime) => {
      try {
        return await runtime.find(name);
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        errors.push(error);
        return [];
      }
    }),
  );
  // Of several that know one container, it is the one that the inventory takes.
  const known = oneForEachId(machine, answers.flat());
  const all = known.filter((container) => only === undefined || container.runtime === only);
  const exact = all.filter((container) => container.name === name || container.id === name);
  return { found: unlessOnlyUsers(exact.length > 0 ? exact : all), errors, asked: asked.length };
}

/** Without what ordinary users report where others report as well: no user can be in the way of root's containers. */
function unlessOnlyUsers(containers: ContainerDetails[]): ContainerDetails[] {
  const others = containers.filter(({ reportedBy }) => reportedBy === undefined);
  return others.length > 0 ? others : containers;
}

/** Without a runtime's answer a container is found by the id in the cgroup paths of its processes. */
function findByCgroup(machine: Machine, name: string, runtime: string | undefined): NetnsHandle | undefined {
  const ids = new Map<string, { runtime: string; pid: number }>();
  if (ID_PREFIX.test(name)) {
    for (const { pid, container } of readProcessTable(machine)) {
      if (container === undefined || !beginsWith(container.id, name) || ids.has(container.id)) continue;
      if (runtime === undefined || container.runtime === runtime)
        ids.set(container.id, { runtime: container.runtime, pid });
    }
  }
  const [match, ...others] = ids;
  if (match === undefined) return undefined;
  if (others.length > 0) {
    const list = [...ids.keys()].map((id) => shortIdOf(id)).join(', ');
    throw new Failure('no-target', `${name}: matches several containers: ${list}; use a longer id prefix`);
  }
  const [id, { runtime: foundIn, pid }] = match;
  return handleOfProcess(machine, pid, { name: shortIdOf(id), runtime: foundIn, id });
}

function noSuchContainer(
  machine: Machine,
  name: string,
  errors: readonly RuntimeError[],
  asked: number,
  containers: Inventory['containers'],
): Failure {
  const worst =
    errors.find((error) => error.kind === 'elsewhere') ??
    errors.find((error) => error.kind === 'denied') ??
    errors.find((error) => error.kind !== 'absent');
  if (worst?.kind === 'elsewhere') return new Failure('unsupported', `${name}: ${worst.message}`, { cause: worst });
  if (worst?.kind === 'denied') return new Failure('not-permitted', `${name}: ${worst.message}`, { cause: worst });
  const anyAnswer = errors.length < asked;
  const why = (worst === undefined ? errors : [worst]).map((error) => error.message).join('; ');
  const hint = worst === undefined && anyAnswer ? '`socklens ps` lists the running ones' : why;
  return new Failure('no-target', `${name}: no such container (${hint})${meantTarget(machine, name, containers)}`);
}

function ambiguous(name: string, found: readonly ContainerDetails[]): Failure {
  const list = found.map((container) => `${container.runtime}:${container.name} (${shortIdOf(container.id)})`);
  return new Failure('no-target', `${name}: matches several containers: ${list.join(', ')}; use one of these names`);
}
