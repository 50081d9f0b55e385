import type { WatchedContainer } from '../../model/netns/netns.ts';
import type { Scope } from '../../model/netns/scope.ts';
import type { Target } from '../../model/netns/target.ts';
import type { NetnsTick } from '../sample-source.ts';
import { meantIn, recordedScope, targetsIn } from './recorded-targets.ts';

/** What of a recorded namespace a TARGET means. */
export interface RecordedTarget {
  target: Target;
  tick: NetnsTick;
  scope: Scope;
}

/**
 * Resolves a TARGET in a recording, in its order, as the same TARGET is resolved on a machine: each namespace once.
 *
 * @param text as typed; undefined for everything recorded
 * @param wholeNetns whether a container means its whole namespace, as far as it was recorded
 */
export function recordedTargets(
  text: string | undefined,
  namespaces: readonly NetnsTick[],
  wholeNetns: boolean,
): RecordedTarget[] {
  if (text === undefined)
    return namespaces.map((tick) => ({ target: wholeTarget(tick), tick, scope: tick.namespace.scope }));
  const typed = targetsIn(text);
  const ticks = new Set(
    typed.flatMap((one) => namespaces.filter(({ namespace }) => meantIn(namespace, one).length > 0)),
  );
  return [...ticks].map((tick) => {
    const { namespace } = tick;
    return {
      tick,
      target: oneTarget(
        typed.flatMap((one) => targetsOf(tick, one)),
        tick,
      ),
      scope: wholeNetns ? namespace.scope : recordedScope(namespace, typed),
    };
  });
}

/** The targets of one namespace that one TARGET means. */
function targetsOf(tick: NetnsTick, typed: string): Target[] {
  const { netns } = tick.namespace;
  return meantIn(tick.namespace, typed).map((container) => {
    if (container !== undefined) return containerTarget(container, netns);
    const pid = /^pid:(\d+)$/.exec(typed)?.[1];
    if (pid !== undefined) return { name: typed, runtime: 'pid', pid: Number(pid), netns };
    if (typed.startsWith('netns:')) return withoutContainer(tick, typed, 'netns');
    return typed === 'host' ? withoutContainer(tick, typed, 'host') : wholeTarget(tick);
  });
}

/** One target for all that are in a namespace. */
function oneTarget(targets: readonly Target[], tick: NetnsTick): Target {
  const names = new Set(targets.map(({ name }) => name));
  const [first] = targets;
  if (first !== undefined && names.size === 1) return first;
  const isHost = targets.some(({ runtime }) => runtime === 'host');
  return withoutContainer(tick, [...names].join(','), isHost ? 'host' : 'netns');
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
