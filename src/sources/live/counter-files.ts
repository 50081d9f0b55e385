import type { NetCounters, Sockstat } from '../../model/netns/counters.ts';
import { readNetCounters } from '../../procfs/net-counters.ts';
import { OpenFileCache } from '../../procfs/open-file-cache.ts';
import { readSockstat } from '../../procfs/sockstat.ts';

/** The counters of a namespace at one moment. */
export interface Counted {
  counters: NetCounters;
  sockstat: Sockstat | undefined;
}

/** Reads the counters of one namespace again and again. Where nothing moved nothing is parsed, and the same objects come back. */
export class KeptCounters {
  readonly #files = new OpenFileCache();
  /** Texts of the files that were read, by their paths. */
  #texts = new Map<string, string | undefined>();
  #last: Counted | undefined;
  #thorough = false;

  /** As `readNetCounters` and `readSockstat`; undefined when the folder is gone. */
  read(procNet: string, thorough: boolean): Counted | undefined {
    if (this.#last !== undefined && this.#thorough === thorough && this.#isUnmoved()) return this.#last;
    this.#texts.clear();
    const read = (path: string) => {
      const text = this.#files.read(path);
      this.#texts.set(path, text);
      return text;
    };
    const counters = readNetCounters(procNet, thorough, read);
    this.#thorough = thorough;
    this.#last = counters === undefined ? undefined : { counters, sockstat: readSockstat(procNet, read) };
    return this.#last;
  }

  close(): void {
    this.#files.close();
    this.#last = undefined;
  }

  #isUnmoved(): boolean {
    for (const [path, text] of this.#texts) if (this.#files.read(path) !== text) return false;
    return true;
  }
}
