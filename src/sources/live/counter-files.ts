import type { NetCounters, Sockstat } from '../../model/netns/counters.ts';
import { readMptcpInUse } from '../../procfs/mptcp-in-use.ts';
import { readNetCounters } from '../../procfs/net-counters.ts';
import { OpenFileCache } from '../../procfs/open-file-cache.ts';
import { readSockstat } from '../../procfs/sockstat.ts';

/** The counters of a namespace at one moment. */
export interface CounterValues {
  counters: NetCounters;
  sockstat: Sockstat | undefined;
}

/** A value parsed from files, with their texts by path; undefined for a file that could not be read. */
interface Parsed<T> {
  value: T;
  texts: ReadonlyMap<string, string | undefined>;
}

/**
 * Reads the counters of one namespace repeatedly. While the files have the same text they are not parsed again, and
 * the same objects are returned.
 */
export class CounterFiles {
  readonly #files: OpenFileCache;
  /** All of them, and those of `snmp`, which are read in turns. */
  #all: Parsed<NetCounters | undefined> | undefined;
  #some: Parsed<NetCounters | undefined> | undefined;
  #sockstat: Parsed<Sockstat | undefined> | undefined;
  #mptcp: Parsed<number | undefined> | undefined;

  /** @param isValid whether the folder that is read is that of the namespace, see `OpenFileCache` */
  constructor(isValid: () => boolean) {
    this.#files = new OpenFileCache(isValid);
  }

  /**
   * Reads the counters of a `/proc/PID/net`, some 13 us; of all of them 45 us.
   *
   * @param all whether `netstat` is read besides `snmp`, see `readNetCounters`
   * @returns undefined when the folder no longer exists
   */
  counters(procNet: string, all: boolean): NetCounters | undefined {
    const last = all ? this.#all : this.#some;
    const now = this.#read(last, (read) => readNetCounters(procNet, all, read));
    if (all) this.#all = now;
    else this.#some = now;
    return now.value;
  }

  /** Reads how many sockets are in use, some 5 us. @returns undefined when the folder no longer exists */
  sockstat(procNet: string): Sockstat | undefined {
    this.#sockstat = this.#read(this.#sockstat, (read) => readSockstat(procNet, read));
    return this.#sockstat.value;
  }

  /** Reads how many MPTCP sockets there are, see `readMptcpInUse`. */
  mptcp(procNet: string): number | undefined {
    this.#mptcp = this.#read(this.#mptcp, (read) => readMptcpInUse(procNet, read));
    return this.#mptcp.value;
  }

  /** Closes the files; the next read opens them again. */
  close(): void {
    this.#files.close();
    this.#all = undefined;
    this.#some = undefined;
    this.#sockstat = undefined;
    this.#mptcp = undefined;
  }

  #read<T>(last: Parsed<T> | undefined, parse: (read: (path: string) => string | undefined) => T): Parsed<T> {
    const texts = last === undefined ? new Map<string, string | undefined>() : this.#changed(last);
    if (last !== undefined && texts.size === 0) return last;
    const value = parse((path) => {
      if (texts.has(path)) return texts.get(path);
      const text = this.#files.read(path);
      texts.set(path, text);
      return text;
    });
    return { value, texts };
  }

  /** The first file that has another text now, with that text; none where all are as before. */
  #changed({ texts }: Parsed<unknown>): Map<string, string | undefined> {
    for (const [path, before] of texts) {
      const text = this.#files.read(path);
      if (text !== before) return new Map([[path, text]]);
    }
    return NO_TEXTS;
  }
}

const NO_TEXTS = new Map<string, string | undefined>();
