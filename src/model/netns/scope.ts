import { isShared, type NetnsMembers } from './sharing.ts';

/**
 * What of a network namespace a target means: the ids of the containers whose sockets are meant; undefined for every
 * socket of the namespace.
 */
export type Scope = readonly string[] | undefined;

/**
 * What of a network namespace several targets mean together.
 *
 * A container means its own sockets. Where nothing shares the namespace that is every socket. All containers of a
 * namespace together are the whole namespace too: what belongs to none of them by evidence belongs to one of them. The
 * host's namespace is an exception, because its processes are in no container.
 *
 * @param meant ids of the containers that were named; undefined for a target that means the whole namespace
 * @param members whose processes are in the namespace
 */
export function scopeOf(meant: readonly (string | undefined)[], members: NetnsMembers<{ id: string }>): Scope {
  const { containers, host } = members;
  if (!isShared(members)) return undefined;
  const ids = new Set<string>();
  for (const id of meant) {
    // A container that has no process of its own there means the namespace that it led to.
    if (id === undefined || !containers.some((container) => container.id === id)) return undefined;
    ids.add(id);
  }
  const named = containers.filter(({ id }) => ids.has(id)).map(({ id }) => id);
  return named.length === containers.length && !host ? undefined : named;
}

/** What of a scope another one leaves. */
export function intersection(scope: Scope, other: Scope): Scope {
  if (scope === undefined || other === undefined) return scope ?? other;
  return scope.filter((id) => other.includes(id));
}
