import type { NetCounters, Sockstat } from '../../model/netns/counters.ts';
import { readNetCounters } from '../../procfs/net-counters.ts';
import { OpenFileCache } from '../../procfs/open-file-cache.ts';
import { readSockstat } from '../../procfs/sockstat.ts';

/** The counters of a namespace at one moment. */
export interface CounterValues {
  counters: NetCounters;
  sockstat: Sockstat | undefined;
}

/**
 * Reads the counters of one namespace repeatedly. While the files have the same text they are not parsed again, and
 * the same objects are returned.
 */
export class CounterFiles {
  readonly #files: OpenFileCache;
  /** Texts of the files as last parsed, by their paths; undefined for a file that could not be read. */
  #texts = new Map<string, string | undefined>();
  #last: CounterValues | undefined;
  /** Whether {@link #last} has all counters. */
  #all = false;

  /** @param isValid whether the folder that is read is that of the namespace, see `OpenFileCache` */
  constructor(isValid: () => boolean) {
    this.#files = new OpenFileCache(isValid);
  }

  /**
   * Reads the counters of a `/proc/PID/net`.
   *
   * @param all whether `netstat` is read besides `snmp`, see `readNetCounters`
   * @returns undefined when the folder no longer exists
   */
  read(procNet: string, all: boolean): CounterValues | undefined {
    if (this.#last !== undefined && this.#all === all && this.#isUnchanged()) return this.#last;
    this.#texts.clear();
    const read = (path: string) => {
      const text = this.#files.read(path);
      this.#texts.set(path, text);
      return text;
    };
    const counters = readNetCounters(procNet, all, read);
    this.#all = all;
    this.#last = counters === undefined ? undefined : { counters, sockstat: readSockstat(procNet, read) };
    return this.#last;
  }

  /** Closes the files; the next {@link read} opens them again. */
  close(): void {
    this.#files.close();
    this.#last = undefined;
  }

  #isUnchanged(): boolean {
    for (const [path, text] of this.#texts) if (this.#files.read(path) !== text) return false;
    return true;
  }
}
