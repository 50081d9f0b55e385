import type { Names } from '../names.ts';
import type { WatchedContainer, WatchedSpace } from '../netns/netns.ts';
import type { HostSample, SpaceSample } from './sample.ts';

/** What was seen of one namespace over some time. */
export interface NetnsSeries {
  space: WatchedSpace;
  /** In the order of time; those with `sockets` are dumps. */
  samples: readonly SpaceSample[];
  /** Settings of the namespace under the names of sysctl(8), `net.core.somaxconn`; absent ones could not be read. */
  sysctls: Readonly<Record<string, string>>;
}

/** Everything that was seen over some time: what rules judge. */
export interface Series {
  fromMs: number;
  toMs: number;
  spaces: readonly NetnsSeries[];
  host: readonly HostSample[];
  /** Every container of the machine, those among them that nobody watched. */
  containers: readonly WatchedContainer[];
  /** Limits of open files of the programs that start containers; null for unlimited. */
  runtimeProcesses: readonly { pid: number; name: string; softLimit: number | null; hardLimit: number | null }[];
  names: Names;
  /** Sentences about what was not seen. */
  notes: readonly string[];
}
