import type { NetCounters, Sockstat } from '../netns/counters.ts';
import type { Holder } from '../socket/socket-columns.ts';
import type { StoredSockets } from '../socket/stored-sockets.ts';
import type { ClosedGroup } from './closed-group.ts';
import type { Coverage, Source } from './coverage.ts';
import type { DeadPeer } from './descriptor-kinds.ts';
import type { PacketGroup } from './packet-group.ts';

/** A process and its descriptors at one time. */
export interface ProcessSample extends Holder {
  /** Start time in clock ticks since boot: distinguishes processes that had the same PID. */
  startTicks: number;
  /** Name of its container; absent for a process in none. */
  container?: string;
  /** Number of open descriptors. */
  used: number;
  /** Soft and hard limit of open files; null for unlimited. */
  softLimit: number | null;
  hardLimit: number | null;
  /** Absent where descriptors were only counted. */
  kinds?: DescriptorKinds;
}

/** Descriptors of a process by kind. */
export interface DescriptorKinds {
  /** Counts by {@link DescriptorKind}. */
  byKind: Readonly<Record<string, number>>;
  /** Peers of the zombies among them, those with most first; absent without one, and where a pass in the kernel is not permitted. */
  dead?: readonly DeadPeer[];
}

/** Tasks (processes and threads) of a container, and the limit of its pids controller. */
export interface PidsUse {
  container: string;
  current: number;
  /** Absent for unlimited. */
  max?: number;
  /** How often the limit refused a fork since the cgroup was created; absent where the kernel does not report it. */
  refused?: number;
}

/** Memory of the sockets of a container, and the container's memory limit. */
export interface SocketMemory {
  container: string;
  /** Memory of socket buffers: `sock` of memory.stat, or memory.kmem.tcp.usage_in_bytes of cgroup v1. */
  bytes: number;
  /** Limit of all memory of the container; absent for unlimited. */
  limitBytes?: number;
}

/** Measurements of a network namespace at one time, without its sockets; absent where not read. */
export interface NetnsMeasurements {
  /** From `/proc/PID/net/snmp` and `netstat`; absent where the network namespace has no process. */
  counters?: NetCounters;
  /** Absent as {@link counters}. */
  sockstat?: Sockstat;
  processes?: readonly ProcessSample[];
  pids?: readonly PidsUse[];
  memory?: readonly SocketMemory[];
}

/** Sample of a network namespace at one time, the input of the doctor's rules. */
export interface NetnsSample extends NetnsMeasurements {
  /** Milliseconds since the epoch. */
  atMs: number;
  /** Every socket, when a dump was taken. */
  sockets?: StoredSockets;
  /** When they were read, milliseconds since the epoch: of many namespaces, some long after {@link atMs}. Absent without {@link sockets}. */
  readAtMs?: number;
  source?: Source;
  coverage?: Coverage;
  /** The most connections that groups of one peer and process had since the sample before, those with more than one; absent where unknown. */
  peaks?: readonly PoolPeak[];
  /** Connections that were closed since the previous sample. */
  closed?: readonly ClosedGroup[];
  /** Packet events since the previous sample; absent without any, and where they are not received. */
  packets?: readonly PacketGroup[];
  /** How often the kernel dropped events since the previous sample. If not 0, {@link closed} is a lower bound. */
  lost?: number;
}

/** Measurements of the host at one time; absent where they could not be read. */
export interface HostSample {
  atMs: number;
  /** Pages of TCP buffers in use on the whole host, and the three thresholds of `tcp_mem`. */
  tcpMemPages?: number;
  tcpMemLimits?: readonly [low: number, pressure: number, high: number];
  orphans?: number;
  maxOrphans?: number;
  /** Open files of the host and their maximum, fs.file-nr. */
  filesUsed?: number;
  filesMax?: number;
  conntrackCount?: number;
  conntrackMax?: number;
  /** Packets that the connection tracker dropped since boot: `drop`, `early_drop` and `insert_failed`. */
  conntrackDrop?: number;
  conntrackEarlyDrop?: number;
  conntrackInsertFailed?: number;
}

/** The most connections, established or on the way to it, that one process had to one peer at the same time. */
export interface PoolPeak {
  /** `10.0.0.3:3306`. */
  peer: string;
  /** `PID/name`; undefined for none. */
  process: string | undefined;
  count: number;
}
