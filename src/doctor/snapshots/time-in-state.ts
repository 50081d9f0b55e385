import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import type { Dump } from './snapshots.ts';

/**
 * Lower bound for how long sockets have been in a state, in milliseconds: from the first of the consecutive snapshots
 * up to the last that saw them in it, or since the last acknowledgement, whichever is longer. The FIN that
 * made the state carried one. (`lastReceivedMs` counts data only, and an idle connection has none.)
 */
export class TimeInState {
  readonly #since = new Map<number, number>();
  readonly #atMs: number;

  /** @param inState the sockets of a dump that are in the state that is asked about */
  constructor(dumps: readonly Dump[], inState: (dump: Dump) => readonly StoredSocket[]) {
    let before = this.#since;
    for (const dump of dumps) {
      const now = new Map<number, number>();
      for (const socket of inState(dump)) now.set(keyOf(socket), before.get(keyOf(socket)) ?? dump.atMs);
      before = now;
    }
    this.#since = before;
    this.#atMs = dumps.at(-1)?.atMs ?? 0;
  }

  /** @param socket of the last snapshot */
  of(socket: StoredSocket): number {
    return Math.max(this.seen(socket), socket.tcpInfoNumber('lastAckReceivedMs') ?? 0);
  }

  /** By the snapshots only. */
  seen(socket: StoredSocket): number {
    return this.#atMs - (this.#since.get(keyOf(socket)) ?? this.#atMs);
  }
}

function keyOf({ cookie, inode }: StoredSocket): number {
  return cookie === 0 ? inode : cookie;
}
