import type { Group, GroupKey } from '../model/report/group.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import { keyReader } from './group-keys.ts';
import type { GroupContext, KeyReader } from './key-reader.ts';

/** Encodes the group of a socket into 32-bit words, and decodes the words. */
export class GroupReader {
  /** Number of words of a group. */
  readonly width: number;
  readonly #readers: readonly KeyReader[];

  constructor(keys: readonly GroupKey[], context: GroupContext) {
    this.#readers = keys.map((key) => keyReader(key, context));
    this.width = this.#readers.reduce((width, reader) => width + reader.width, 0);
  }

  /** Writes the group of a socket into `words`. */
  write(socket: SocketView, words: Uint32Array): void {
    let at = 0;
    for (const reader of this.#readers) {
      reader.write(socket, words, at);
      at += reader.width;
    }
  }

  /** The group of `words`, with this count. */
  group(words: Uint32Array, count: number): Group {
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

/** All values of a group's key, each followed by NUL. Null becomes U+0001, which no value is. */
export function keyText({ key }: Group): string {
  let text = '';
  for (const name in key) text += `${key[name as GroupKey] ?? '\x01'}\0`;
  return text;
}

/** An order of the texts of keys, of {@link keyText} or in JSON: `10.0.0.3:3306` before the clients of a listener, `10.0.0.3:*`. */
export function compareKeyTexts(a: string, b: string): number {
  const [first, second] = [a.replaceAll('*', '\uffff'), b.replaceAll('*', '\uffff')];
  return first === second ? 0 : first < second ? -1 : 1;
}
