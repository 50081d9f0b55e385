import type { SocketNumbers } from '../protocol.ts';
import type { LabelSet } from './label-set.ts';
import { stateWord } from './state-words.ts';

/** Numbers of sockets by protocol and state. A series begins with the first socket of its kind, and stays. */
export class SocketSeries {
  readonly #base: LabelSet;
  readonly #series = new Map<string, { labels: LabelSet; count: number }>();

  /** @param base labels that all of them have */
  constructor(base: LabelSet) {
    this.#base = base;
  }

  /** Takes the numbers of a tick; several are added up. */
  take(all: readonly (SocketNumbers | undefined)[]): void {
    for (const series of this.#series.values()) series.count = 0;
    for (const sockets of all) {
      if (sockets === undefined) continue;
      for (const [state, count] of Object.entries(sockets.byState)) this.#add('tcp', stateWord(state), count);
      this.#add('tcp', 'time_wait', sockets.timeWait);
      this.#add('udp', undefined, sockets.udp);
      this.#add('raw', undefined, sockets.raw);
    }
  }

  each(emit: (labels: LabelSet, count: number) => void): void {
    for (const { labels, count } of this.#series.values()) emit(labels, count);
  }

  #add(protocol: string, state: string | undefined, count: number): void {
    if (count === 0) return;
    const key = `${protocol} ${state}`;
    const known = this.#series.get(key);
    if (known !== undefined) known.count += count;
    else this.#series.set(key, { labels: this.#base.and(['protocol', protocol], ['state', state]), count });
  }
}
