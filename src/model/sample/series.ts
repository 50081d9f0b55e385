import type { Names } from '../names.ts';
import type { WatchedContainer, WatchedNetns } from '../netns/netns.ts';
import type { HostSample, NetnsSample } from './sample.ts';

/** What was seen of one namespace over some time. */
export interface NetnsSeries {
  namespace: WatchedNetns;
  /** In the order of time; those with `sockets` are dumps. */
  samples: readonly NetnsSample[];
  /** Settings of the namespace under the names of sysctl(8), `net.core.somaxconn`; absent ones could not be read. */
  sysctls: Readonly<Record<string, string>>;
}

/** Everything that was seen over some time: what rules judge. */
export interface Series {
  fromMs: number;
  toMs: number;
  namespaces: readonly NetnsSeries[];
  host: readonly HostSample[];
  /** Every container of the machine, those among them that nobody watched. */
  containers: readonly WatchedContainer[];
  /** Limits of open files of the programs that start containers; null for unlimited. */
  runtimeProcesses: readonly { pid: number; name: string; softLimit: number | null; hardLimit: number | null }[];
  names: Names;
  /** Sentences about what was not seen. */
  notes: readonly string[];
}
