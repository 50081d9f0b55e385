import fs from 'node:fs';
import { safeText } from '../../base/safe-text.ts';
import type { ContainerFacts } from '../../model/container/container.ts';
import { podName, podOf } from '../../model/container/pod.ts';
import { holdsOnlyNamespace, serviceOf } from '../../model/container/service.ts';
import { askRuntimes, containersOf } from '../containers/runtimes.ts';
import type { Machine } from '../machine.ts';

/** Text that can be written as a target, to propose. */
export interface KnownTarget {
  value: string;
  description: string;
}

/**
 * The targets that can be named now, of one question to each runtime: containers, services by their short name where it
 * is unique, services and projects by their labels, pods, named network namespaces, `host` and `all`. A container whose name
 * cannot be written as a target, or could act on a terminal, is there by its id.
 *
 * @param isTargetWord whether a name can be written as a target
 */
export async function knownTargets(machine: Machine, isTargetWord: (name: string) => boolean): Promise<KnownTarget[]> {
  const targets = new Map<string, string>();
  const add = (value: string, description: string) => {
    if (isTargetWord(value) && safeText(value) === value && !targets.has(value)) targets.set(value, description);
  };
  const containers = await runningContainers(machine);
  for (const { name, id, runtime } of containers) {
    const isPlain = isTargetWord(name) && safeText(name) === name && !/^(host|all)$|:/.test(name);
    const qualified = `${runtime}:${name}`;
    if (isPlain) add(name, `container (${runtime})`);
    else if (!/:/.test(name) && safeText(name) === name && isTargetWord(qualified)) add(qualified, 'container');
    else add(id.slice(0, 12), `container ${safeText(name)}`);
  }
  for (const [value, description] of servicesOf(containers)) add(value, description);
  for (const container of containers) {
    const pod = podOf(container);
    if (pod !== undefined) add(`pod:${podName(pod)}`, 'pod');
  }
  for (const name of namesIn(machine.namedNamespaces)) add(`netns:${name}`, 'network namespace');
  add('host', "the host's own namespace");
  add('all', 'every container');
  return [...targets].map(([value, description]) => ({ value, description }));
}

/** Names of running containers, for filters. */
export async function containerNames(machine: Machine): Promise<KnownTarget[]> {
  const containers = await runningContainers(machine);
  const safe = containers.filter(({ name }) => safeText(name) === name);
  return safe.map(({ name, runtime }) => ({ value: name, description: `container (${runtime})` }));
}

async function runningContainers(machine: Machine): Promise<ContainerFacts[]> {
  const containers = containersOf(machine, await askRuntimes(machine)).filter((facts) => !holdsOnlyNamespace(facts));
  return containers.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Services and their groups as targets, with what they are. */
function servicesOf(containers: readonly ContainerFacts[]): Map<string, string> {
  const targets = new Map<string, string>();
  const keysByShort = new Map<string, Set<string>>();
  for (const container of containers) {
    const service = serviceOf(container);
    if (service === undefined) continue;
    const { short, key, name, kind, group } = service;
    keysByShort.set(short, (keysByShort.get(short) ?? new Set()).add(key));
    // Of Swarm and Kubernetes, the short name alone is a target.
    if (kind !== 'compose' && kind !== 'ecs') continue;
    targets.set(key, safeText(name));
    if (group !== '') targets.set(`${kind}:${group}`, kind === 'compose' ? 'Compose project' : 'ECS task family');
  }
  for (const [short, keys] of keysByShort) if (keys.size === 1) targets.set(short, 'service');
  return targets;
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder).sort();
  } catch {
    return [];
  }
}
