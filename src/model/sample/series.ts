import type { Names } from '../names.ts';
import type { WatchedContainer, WatchedNetns } from '../netns/netns.ts';
import type { HostSample, NetnsSample } from './sample.ts';

/** The samples of one network namespace over a period. */
export interface NetnsSeries {
  namespace: WatchedNetns;
  /** In chronological order; those with `sockets` have a dump. */
  samples: readonly NetnsSample[];
  /** Sysctls of the network namespace by name, `net.core.somaxconn`; absent where one could not be read. */
  sysctls: Readonly<Record<string, string>>;
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
  /** Sentences about what was not read. */
  notes: readonly string[];
}
