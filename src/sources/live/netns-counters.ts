import type { FoundNetns } from '../../collect/target/found-netns.ts';
import type { SocketQuery } from '../../model/socket/socket-query.ts';
import { CounterFiles, type CounterValues } from './counter-files.ts';
import { type Movement, movementSince } from './movement.ts';
import { areSameCounters } from './settled.ts';

/** Which counters are read: `all`; those of `snmp` and `sockstat`; `sockstat`, which takes a quarter of that. */
export type WhichCounters = 'all' | 'some' | 'sockstat';

/** The counters of one namespace as last read, and how much they moved since its sockets were read. */
export class NetnsCounters {
  readonly #files: CounterFiles;
  #procNet: string | undefined;
  #last: CounterValues | undefined;
  #atSnapshot: CounterValues | undefined;
  /** Whether a connection event, or a loss of some, came since its sockets were read. */
  #hasEvents = false;
  /** When {@link #last} was read without the time of `sockstat` alone, milliseconds since the epoch. */
  #readMs = Number.NEGATIVE_INFINITY;

  /** @param isValid see `CounterFiles` */
  constructor({ handle }: FoundNetns, isValid: () => boolean) {
    this.#files = new CounterFiles(isValid);
    this.#procNet = handle.procNet;
  }

  /** As last read; undefined before, and for a namespace without processes. */
  get last(): CounterValues | undefined {
    return this.#last;
  }

  /** When those other than `sockstat` were read, milliseconds since the epoch. */
  get readMs(): number {
    return this.#readMs;
  }

  /** Notes that an event, or its loss, says that connections changed. */
  noteEvent(): void {
    this.#hasEvents = true;
  }

  /** Takes over the result of an inventory. */
  update({ handle }: FoundNetns): void {
    if (handle.procNet === this.#procNet) return;
    this.#files.close();
    this.#procNet = handle.procNet;
  }

  /** Reads them. @param atMs milliseconds since the epoch */
  read(which: WhichCounters, atMs: number): CounterValues | undefined {
    this.#last = this.peek(which);
    if (which !== 'sockstat') this.#readMs = atMs;
    return this.#last;
  }

  /** Reads them; {@link last} stays as it is. */
  peek(which: WhichCounters): CounterValues | undefined {
    const procNet = this.#procNet;
    if (procNet === undefined) return undefined;
    const counters = which === 'sockstat' ? this.#last?.counters : this.#files.counters(procNet, which === 'all');
    return counters && { counters, sockstat: this.#files.sockstat(procNet) };
  }

  /**
   * Number of MPTCP sockets, read only for a query of them: two walks of their table are most of an idle namespace's
   * cost. Undefined where it is not known, or not asked for.
   */
  mptcpFor({ protos }: SocketQuery): number | undefined {
    const procNet = this.#procNet;
    return procNet === undefined || !protos.includes('mptcp') ? undefined : this.#files.mptcp(procNet);
  }

  /** Notes that the sockets were read just after them. */
  setSnapshot(): void {
    this.#atSnapshot = this.#last;
    this.#hasEvents = false;
  }

  /** How much changed since the sockets were read, by events and counters. */
  get movement(): Movement {
    if (this.#hasEvents || this.#last === undefined || this.#atSnapshot === undefined) return 'connections';
    return movementSince(this.#atSnapshot, this.#last);
  }

  /** Whether nothing happened since the sockets were read: no packet, no event, no socket more or less. */
  get isStill(): boolean {
    return !this.#hasEvents && areSameCounters(this.#atSnapshot, this.#last);
  }

  /** Closes the files. */
  close(): void {
    this.#files.close();
  }
}
