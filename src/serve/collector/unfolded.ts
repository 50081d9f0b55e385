import type { NetnsTick, Tick } from '../../sources/sample-source.ts';

/**
 * Leaves out snapshots that are the one before with connection events folded in: their queues are old. Rules must not take
 * them for new, nor may a recording have them.
 */
export class Unfolded {
  /** When the sockets of each namespace were read last, milliseconds since the epoch. */
  #snapshotMs = new Map<number, number>();

  of(tick: Tick): Tick {
    const snapshotMs = new Map<number, number>();
    const namespaces = tick.namespaces.map((one) => this.#one(one, snapshotMs));
    this.#snapshotMs = snapshotMs;
    return { ...tick, namespaces };
  }

  #one(tick: NetnsTick, snapshotMs: Map<number, number>): NetnsTick {
    const { netns } = tick.namespace;
    const { snapshot, ...rest } = tick;
    const before = this.#snapshotMs.get(netns);
    const takenAtMs = snapshot?.takenAtMs ?? before;
    if (takenAtMs !== undefined) snapshotMs.set(netns, takenAtMs);
    return snapshot !== undefined && before === snapshot.takenAtMs ? rest : tick;
  }
}
