import type { SystemCalls } from '../kernel/system-calls.ts';
import type { Runtime } from '../runtimes/runtime.ts';

/** The edges that looking needs, handed in, so that tests and other programs can exchange them. */
export interface Machine {
  /** Where the proc file system is mounted. */
  proc: string;
  /** Where `ip netns` keeps its names, ip-netns(8). */
  namedNamespaces: string;
  /** Folder of `hosts` and `services`. */
  etc: string;
  /** Where the cgroup file systems are mounted. */
  cgroupRoot: string;
  /**
   * The foreign calls.
   *
   * @throws when this machine has no binary of the foreign-function library
   */
  systemCalls(): SystemCalls;
  /** Every runtime that may be there, in the order of being asked. */
  runtimes: readonly Runtime[];
  /** Textual addresses of the host's own interfaces. */
  hostAddresses(): readonly string[];
}
