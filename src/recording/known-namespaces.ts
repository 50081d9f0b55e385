import type { WatchedNetns } from '../model/netns/netns.ts';
import { isSameNetns } from '../model/netns/same-netns.ts';

/**
 * State for each current network namespace. The writer and the reader of a recording drop it at the same line: the
 * kernel can reuse the inode number of a deleted namespace.
 */
export class KnownNamespaces<Known> {
  readonly #make: () => Known;
  readonly #known = new Map<number, { namespace: WatchedNetns; known: Known }>();

  constructor(make: () => Known) {
    this.#make = make;
  }

  /** Sets the current network namespaces. State of those that stay is preserved. */
  set(namespaces: readonly WatchedNetns[]): void {
    const before = new Map(this.#known);
    this.#known.clear();
    for (const namespace of namespaces) {
      const old = before.get(namespace.netns);
      const known = old !== undefined && isSameNetns(old.namespace, namespace) ? old.known : this.#make();
      this.#known.set(namespace.netns, { namespace, known });
    }
  }

  /** The state of a network namespace by its inode; undefined for one that is not current. */
  of(netns: number): Known | undefined {
    return this.#known.get(netns)?.known;
  }
}
