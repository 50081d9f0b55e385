import { KeyTable } from '../../count/key-table.ts';
import type { ConnectionEvent } from '../../model/socket/connection-event.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';

/** Words of a key: what ended and how, the peer's address, both ports, the process, the container, and {@link ClosedKeys.indexOf}. */
const KEY_WORDS = 9;

/** Word 2 of an IPv4-mapped address. */
const MAPPED = 0xffff;

/**
 * Numbers ends of connections by outcome, endpoint, process and container: ends of the same number are alike. Words and
 * no text: there are thousands of closed connections a second.
 */
export class ClosedKeys {
  #table = new KeyTable(KEY_WORDS);
  /** Numbers of texts in keys. */
  readonly #numbers = new Map<string, number>();

  /** The number of an end, from 0 in the order of first occurrence. @param also what must be the same as well */
  indexOf({ socket, processes, role, container, outcome }: ConnectionEvent, also = 0): number {
    const { key } = this.#table;
    key[0] = (this.#numberOf(socket.proto) << 16) | this.#numberOf(outcome);
    writeAddress(socket, key, 1);
    key[5] = role === 'server' ? socket.localPort : socket.peerPort << 16;
    key[6] = processes[0]?.pid ?? 0;
    key[7] = this.#numberOf(container);
    key[8] = also;
    return this.#table.index();
  }

  /** Begins anew. */
  clear(): void {
    this.#table = new KeyTable(KEY_WORDS);
    // Containers come and go.
    this.#numbers.clear();
  }

  /** @returns 0 for undefined */
  #numberOf(text: string | undefined): number {
    if (text === undefined) return 0;
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size + 1;
      this.#numbers.set(text, number);
    }
    return number;
  }
}

/** Writes the four words of the address of a peer; of IPv4 those of its IPv4-mapped form. */
function writeAddress(socket: SocketView, words: Uint32Array, at: number): void {
  if (socket.family === 'inet') {
    words[at] = 0;
    words[at + 1] = 0;
    words[at + 2] = MAPPED;
    words[at + 3] = socket.peerWord(0);
    return;
  }
  for (const index of [0, 1, 2, 3] as const) words[at + index] = socket.peerWord(index);
}
