import type { NetnsSeries } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import type { Dump } from './snapshots.ts';

/**
 * Lower bound for how long sockets have been in a state, in milliseconds: from the first of the consecutive snapshots
 * (also of those that are not kept) up to the last that saw them in it, or since the last acknowledgement, whichever is longer. The FIN that
 * made the state carried one. (`lastReceivedMs` counts data only, and an idle connection has none.)
 */
export class TimeInState {
  readonly #since: ReadonlyMap<number, number>;
  readonly #atMs: number;

  /** @param inState the sockets of a dump that are in the state that is asked about, one of `waitingSince` */
  constructor(
    dumps: readonly Dump[],
    { waitingSince }: Pick<NetnsSeries, 'waitingSince'>,
    inState: (dump: Dump) => readonly StoredSocket[],
  ) {
    let before = waitingSince;
    for (const dump of dumps) {
      const now = new Map<number, number>();
      for (const socket of inState(dump)) now.set(socket.key, before.get(socket.key) ?? dump.atMs);
      before = now;
    }
    this.#since = before;
    this.#atMs = dumps.at(-1)?.atMs ?? 0;
  }

  /** @param socket of the last snapshot */
  of(socket: StoredSocket): number {
    return Math.max(this.seen(socket), socket.tcpInfoNumber('lastAckReceivedMs') ?? 0);
  }

  /** Since when the first of some sockets has been in the state, milliseconds since the epoch. */
  sinceMs(sockets: readonly StoredSocket[]): number {
    return this.#atMs - Math.max(0, ...sockets.map((socket) => this.of(socket)));
  }

  /** By the snapshots only. */
  seen(socket: StoredSocket): number {
    return this.#atMs - (this.#since.get(socket.key) ?? this.#atMs);
  }
}
