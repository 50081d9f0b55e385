import type { SystemCalls } from '../kernel/system-calls.ts';
import type { Runtime } from '../runtimes/runtime.ts';

/** What this code reads from the operating system, as parameters: tests and other programs can replace each. */
export interface Machine {
  /** Path where the proc file system is mounted. */
  proc: string;
  /** Folder of named network namespaces, ip-netns(8). */
  namedNamespaces: string;
  /** Folder of `hosts`, `services`, `passwd`. */
  etc: string;
  /** Path where the cgroup file systems are mounted. */
  cgroupRoot: string;
  /**
   * The system calls that Node does not offer.
   *
   * @throws when the foreign-function library has no binary for this machine
   */
  systemCalls(): SystemCalls;
  /** Whether no program may be loaded into the kernel (eBPF): the sources without one are used. */
  withoutPrograms?: boolean;
  /** The container runtimes that may run on this machine, in the order in which they are asked. */
  runtimes: readonly Runtime[];
  /** Textual addresses of the host's own interfaces. */
  hostAddresses(): readonly string[];
}
