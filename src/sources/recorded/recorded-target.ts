import { containersNamed } from '../../collect/containers/containers-named.ts';
import type { WatchedContainer } from '../../model/netns/netns.ts';
import type { Target } from '../../model/netns/target.ts';
import type { NetnsTick } from '../sample-source.ts';
import { isTargetOf, targetsIn } from './recorded-targets.ts';

/**
 * Resolves a TARGET in a recording, in its order, as the same TARGET is resolved on a machine.
 *
 * @param text as typed; undefined for every namespace, each once
 */
export function recordedTargets(
  text: string | undefined,
  namespaces: readonly NetnsTick[],
): { target: Target; tick: NetnsTick }[] {
  if (text === undefined) return namespaces.map((tick) => ({ target: wholeTarget(tick), tick }));
  const found: { target: Target; tick: NetnsTick }[] = [];
  for (const typed of targetsIn(text)) {
    for (const tick of namespaces) {
      if (!isTargetOf(tick.namespace, typed)) continue;
      for (const target of targetsOf(tick, typed)) {
        const known = found.some((other) => other.target.name === target.name && other.target.id === target.id);
        if (!known) found.push({ target, tick });
      }
    }
  }
  return found;
}

/** The targets of one namespace that one TARGET means. */
function targetsOf(tick: NetnsTick, typed: string): Target[] {
  const { netns, containers, host } = tick.namespace;
  const pid = /^pid:(\d+)$/.exec(typed)?.[1];
  if (pid !== undefined) return [{ name: typed, runtime: 'pid', pid: Number(pid), netns }];
  if (typed.startsWith('netns:')) return [withoutContainer(tick, typed, 'netns')];
  if (typed === 'host' && host) return [withoutContainer(tick, typed, 'host')];
  const name = typed.replace(/^(docker|podman):/, '');
  const named = containersNamed(containers, name);
  const meant = named.length > 0 ? named : containers.filter(({ id }) => typed === 'all' || id.startsWith(name));
  return meant.length > 0 ? meant.map((container) => containerTarget(container, netns)) : [wholeTarget(tick)];
}

/** The namespace as one target: its container where it has exactly one. */
function wholeTarget(tick: NetnsTick): Target {
  const { containers, host, netns, name } = tick.namespace;
  const [only, ...others] = containers;
  if (only !== undefined && others.length === 0 && !host) return containerTarget(only, netns);
  return withoutContainer(tick, name, host ? 'host' : 'netns');
}

/** A container as a target. */
export function containerTarget({ name, runtime, id, pid }: WatchedContainer, netns: number): Target & { id: string } {
  return { name, runtime, id, pid, netns };
}

/** The namespace as a target; its first process represents it, as on a machine. */
function withoutContainer({ namespace, processes }: NetnsTick, name: string, runtime: string): Target {
  const pid = namespace.host ? 1 : (processes?.[0] ?? namespace.containers[0])?.pid;
  const { netns, madeBy } = namespace;
  return { name, runtime, ...(pid !== undefined && { pid }), ...(madeBy !== undefined && { madeBy }), netns };
}
