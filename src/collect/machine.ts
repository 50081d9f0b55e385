import type { SystemCalls } from '../kernel/system-calls.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import type { ConmonTable } from './containers/conmon-table.ts';
import type { ContainerStorage } from './containers/container-storage.ts';
import type { ShimTable } from './containers/shim-table.ts';

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
   * @throws {SystemCallsMissing} when the foreign-function library cannot be loaded on this machine
   */
  systemCalls(): SystemCalls;
  /** Whether no program may be loaded into the kernel (eBPF): the sources without one are used. */
  withoutPrograms?: boolean;
  /**
   * The container runtimes that may run on this machine now, in the order in which they are asked. The same object
   * stands for a runtime in every answer, as long as it is found.
   */
  findRuntimes(): readonly Runtime[];
  /** The shims of containerd, and what they tell. */
  shims(): ShimTable;
  /** The conmons of Podman and CRI-O, and what they tell. */
  conmons(): ConmonTable;
  /** The names of containers that Podman and CRI-O keep on disk. */
  containerStorage(): ContainerStorage;
  /** Textual addresses of the host's own interfaces. */
  hostAddresses(): readonly string[];
}
