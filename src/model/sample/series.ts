import type { Names } from '../names.ts';
import type { WatchedContainer, WatchedNetns } from '../netns/netns.ts';
import type { StackFacts } from '../stack/stack-facts.ts';
import type { HostSample, NetnsSample } from './sample.ts';

/** The samples of one network namespace over a period. */
export interface NetnsSeries {
  namespace: WatchedNetns;
  /** In chronological order; those with `sockets` have a dump. */
  samples: readonly NetnsSample[];
  /** Sysctls of the network namespace by name, `net.core.somaxconn`; absent where one could not be read. */
  sysctls: Readonly<Record<string, string>>;
  /**
   * Since when TCP sockets have been in CLOSE_WAIT or FIN_WAIT2, milliseconds since the epoch, by `StoredSocket.key`:
   * that can be before the first of {@link samples}.
   */
  waitingSince: ReadonlyMap<number, number>;
}

/** All samples over a period: the input of the doctor's rules. */
export interface Series {
  fromMs: number;
  toMs: number;
  namespaces: readonly NetnsSeries[];
  host: readonly HostSample[];
  /** Every container of the machine, also those that are not watched. */
  containers: readonly WatchedContainer[];
  /** Limits of open files of the container runtimes' processes; null for unlimited. */
  runtimeProcesses: readonly { pid: number; name: string; softLimit: number | null; hardLimit: number | null }[];
  names: Names;
  /** The programs of the processes that were looked at; absent where none was: `--no-stack`, older recordings. */
  stacks?: readonly StackFacts[];
  /** Sentences about what was not read. */
  notes: readonly string[];
}
