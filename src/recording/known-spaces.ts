import type { WatchedNetns } from '../model/netns/netns.ts';

/**
 * Something for each namespace that is there. The writer and the reader of a recording forget it at the
 * same moment: the inode of a namespace that ended can soon be another's.
 */
export class KnownNamespaces<Known> {
  readonly #make: () => Known;
  readonly #known = new Map<number, { namespace: WatchedNetns; known: Known }>();

  constructor(make: () => Known) {
    this.#make = make;
  }

  /** Takes over who is there. */
  set(spaces: readonly WatchedNetns[]): void {
    const before = new Map(this.#known);
    this.#known.clear();
    for (const namespace of spaces) {
      const old = before.get(namespace.netns);
      const known = old !== undefined && isSame(old.namespace, namespace) ? old.known : this.#make();
      this.#known.set(namespace.netns, { namespace, known });
    }
  }

  /** @returns undefined for a namespace that is not there */
  of(netns: number): Known | undefined {
    return this.#known.get(netns)?.known;
  }
}

/** Whether a namespace of the same inode is the same: it has its name, or a container, that it had before. */
function isSame(before: WatchedNetns, now: WatchedNetns): boolean {
  if (now.containers.length === 0 || before.containers.length === 0) return before.name === now.name;
  return now.containers.some(({ id }) => before.containers.some((container) => container.id === id));
}
