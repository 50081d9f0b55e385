import type { NetCounters, Sockstat } from '../netns/counters.ts';
import type { Holder } from '../socket/socket-columns.ts';
import type { StoredSockets } from '../socket/stored-sockets.ts';
import type { ClosedGroup } from './closed-group.ts';
import type { Coverage, Source } from './coverage.ts';

/** A process and its descriptors at one moment. */
export interface ProcessSample extends Holder {
  /** Clock ticks since boot, which tell a reused PID. */
  startTicks: number;
  /** Name of its container; absent outside every container. */
  container?: string;
  /** Open descriptors. */
  used: number;
  /** Soft and hard limit of open files; null for unlimited. */
  softLimit: number | null;
  hardLimit: number | null;
  /** Descriptors by what they are; absent where nobody looked so closely. */
  kinds?: DescriptorKinds;
}

/** Descriptors of a process by what they refer to. */
export interface DescriptorKinds {
  /** Counts by kind: `tcp`, `udp`, `unix`, `pipe`, `file`, `deleted`, `eventpoll`, `eventfd`, …; `zombie` for sockets that no table shows. */
  byKind: Readonly<Record<string, number>>;
}

/** Processes and threads of a container against the limit of its pids controller. */
export interface PidsUse {
  container: string;
  current: number;
  /** Absent for unlimited. */
  max?: number;
  /** How often the limit refused a fork since the cgroup was made; absent where the kernel does not tell. */
  refused?: number;
}

/** Memory of a container's sockets against its limit. */
export interface SocketMemory {
  container: string;
  /** Buffers of its sockets: `sock` of memory.stat, or memory.kmem.tcp.usage_in_bytes of cgroup v1. */
  bytes: number;
  /** Of all its memory; absent for unlimited. */
  limitBytes?: number;
}

/** What was measured of a network namespace at one moment beside its sockets; what was not read is absent. */
export interface NetnsMeasurements {
  /** Counters of `/proc/PID/net/snmp` and `netstat`; absent where no process lives in the namespace. */
  counters?: NetCounters;
  /** Absent as {@link counters}. */
  sockstat?: Sockstat;
  processes?: readonly ProcessSample[];
  pids?: readonly PidsUse[];
  memory?: readonly SocketMemory[];
}

/** What was seen of a network namespace at one moment, as the rules of the doctor judge it. */
export interface NetnsSample extends NetnsMeasurements {
  /** Milliseconds since the epoch. */
  atMs: number;
  /** Every socket, when a dump was taken. */
  sockets?: StoredSockets;
  source?: Source;
  coverage?: Coverage;
  /** What ended since the sample before. */
  closed?: readonly ClosedGroup[];
  /** How often the kernel dropped events since the sample before: {@link closed} is a lower bound then. */
  lost?: number;
}

/** What was seen of the host at one moment; absent what could not be read. */
export interface HostSample {
  atMs: number;
  /** Pages of TCP buffers in use on the whole host, and the three marks of `tcp_mem`. */
  tcpMemPages?: number;
  tcpMemLimits?: readonly [low: number, pressure: number, high: number];
  orphans?: number;
  maxOrphans?: number;
  /** Open files of the host and their maximum, fs.file-nr. */
  filesUsed?: number;
  filesMax?: number;
  conntrackCount?: number;
  conntrackMax?: number;
  /** Packets that the connection tracker dropped or refused since boot: drop + early_drop + insert_failed apart. */
  conntrackDrop?: number;
  conntrackEarlyDrop?: number;
  conntrackInsertFailed?: number;
}
