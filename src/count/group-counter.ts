import type { Group, GroupKey } from '../model/report/group.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import { DistinctSockets } from './distinct-sockets.ts';
import { keyReader } from './group-keys.ts';
import type { GroupContext, KeyReader } from './key-reader.ts';
import { KeyTable } from './key-table.ts';

/** Counts sockets in groups: call {@link add} for every socket, then {@link groups}. */
export class GroupCounter {
  readonly #readers: readonly KeyReader[];
  readonly #table: KeyTable;
  readonly #distinct = new DistinctSockets();

  constructor(keys: readonly GroupKey[], context: GroupContext) {
    this.#readers = keys.map((key) => keyReader(key, context));
    this.#table = new KeyTable(this.#readers.reduce((width, reader) => width + reader.width, 0));
  }

  /** Counts one socket, unless it is a TCP subflow of an MPTCP connection that was counted. */
  add(socket: SocketView): void {
    if (!this.#distinct.isNew(socket)) return;
    let at = 0;
    for (const reader of this.#readers) {
      reader.write(socket, this.#table.key, at);
      at += reader.width;
    }
    this.#table.count();
  }

  /** The groups so far, largest count first; groups of equal count in the order of their keys' text. */
  groups(): Group[] {
    // Each text is made once here: making it in the comparison function would repeat it n log n times.
    const byText = new Map<string, Group>();
    this.#table.each((words, count) => {
      const group = this.#group(words, count);
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

  #group(words: Uint32Array, count: number): Group {
    const group: Group = { key: {}, count };
    let at = 0;
    for (const reader of this.#readers) {
      group.key[reader.key] = reader.value(words, at);
      const name = reader.name?.(words, at);
      if (name !== undefined) group.names = { ...group.names, [reader.key]: name };
      at += reader.width;
    }
    return group;
  }
}

/** All values of a key, each followed by NUL. Null becomes U+0001, which no value is. */
function keyText({ key }: Group): string {
  let text = '';
  for (const name in key) text += `${key[name as GroupKey] ?? '\x01'}\0`;
  return text;
}
