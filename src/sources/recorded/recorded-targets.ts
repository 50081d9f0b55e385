import { containersNamed } from '../../collect/containers/containers-named.ts';
import { isLike } from '../../collect/target/resolve-targets.ts';
import { isPattern } from '../../collect/target/target-pattern.ts';
import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import { intersection, type Scope, scopeOf } from '../../model/netns/scope.ts';

/** What of a namespace a TARGET as typed means: a container, or undefined for the whole namespace. */
export type Meant = WatchedContainer | undefined;

/** What a TARGET as typed means in a namespace of a recording, as on a machine; empty for nothing. */
export function meantIn(namespace: WatchedNetns, typed: string): Meant[] {
  const { scope, name, targets } = namespace;
  const containers = namespace.containers.filter(({ id }) => scope?.includes(id) ?? true);
  if (typed === 'all') return containers.length > 0 ? containers : [undefined];
  if (typed === 'host' && namespace.host) return [undefined];
  const [, runtime, wanted = ''] = /^(?:(docker|podman):)?(.*)$/s.exec(typed) ?? [];
  if (isPattern(wanted)) return containers.filter((container) => isLike(container, wanted, runtime));
  const named = containersNamed(containers, wanted);
  if (named.length > 0) return named;
  const byId = /^[0-9a-f]{4,}$/.test(wanted) ? containers.filter(({ id }) => id.startsWith(wanted)) : [];
  if (byId.length > 0) return byId;
  return name === typed || targets.includes(typed) ? [undefined] : [];
}

/** Whether a TARGET as typed means a namespace of a recording, or a part of it. */
export function isTargetOf(namespace: WatchedNetns, target: string): boolean {
  return meantIn(namespace, target).length > 0;
}

/** What of a namespace TARGETs as typed mean together, of what was recorded. */
export function recordedScope(namespace: WatchedNetns, targets: readonly string[]): Scope {
  const meant = targets.flatMap((typed) => meantIn(namespace, typed));
  const wanted = scopeOf(
    meant.map((container) => container?.id),
    namespace,
  );
  return intersection(namespace.scope, wanted);
}

/** The TARGETs of a text with commas. */
export function targetsIn(text: string): string[] {
  return text.split(',').filter((part) => part !== '');
}
