import type { Group, GroupKey } from '../model/report/group.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import { DistinctSockets } from './distinct-sockets.ts';
import { GroupReader, keyText } from './group-reader.ts';
import type { GroupContext } from './key-reader.ts';
import { KeyTable } from './key-table.ts';

/** Counts sockets in groups: call {@link add} for every socket, then {@link groups}. */
export class GroupCounter {
  readonly #reader: GroupReader;
  readonly #table: KeyTable;
  readonly #distinct = new DistinctSockets();

  constructor(keys: readonly GroupKey[], context: GroupContext) {
    this.#reader = new GroupReader(keys, context);
    this.#table = new KeyTable(this.#reader.width);
  }

  /** Counts one socket, unless it is a TCP subflow of an MPTCP connection that was counted. */
  add(socket: SocketView): void {
    if (!this.#distinct.isNew(socket)) return;
    this.#reader.write(socket, this.#table.key);
    this.#table.count();
  }

  /** The groups so far, largest count first; groups of equal count in the order of their keys' text. */
  groups(): Group[] {
    // Each text is made once here: making it in the comparison function would repeat it n log n times.
    const byText = new Map<string, Group>();
    this.#table.each((words, count) => {
      const group = this.#reader.group(words, count);
      const text = keyText(group);
      const known = byText.get(text);
      // Two keys can have the same values: the table separates ports by protocol, the result does not.
      if (known === undefined) byText.set(text, group);
      else known.count += count;
    });
    // Strings sort without a comparison function, and the second sort is stable.
    const groups = [...byText.keys()].sort().map((text) => byText.get(text) as Group);
    return groups.sort((a, b) => b.count - a.count);
  }
}
