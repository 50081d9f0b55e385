import type { Platform } from '../container/platform.ts';
import type { ProgramClass } from '../container/program.ts';
import type { Fix } from '../finding/finding.ts';
import type { Target } from '../netns/target.ts';
import type { Coverage } from '../sample/coverage.ts';
import type { DescriptorCounts } from '../sample/descriptor-kinds.ts';

/** One resource limit of a group of processes; null stands for unlimited. */
export interface LimitRow {
  /** `nofile`. */
  name: string;
  /** Name in `ulimit -a`. */
  title: string;
  /** Option of the shell's `ulimit`: `-n`. */
  flag: string;
  /** `descriptors`, `bytes`; empty for a plain number. */
  unit: string;
  soft: number | null;
  hard: number | null;
  /** The limit that was declared for the container; absent where none was. */
  declared?: { soft: number | null; hard: number | null };
  /** Current use: for `nofile` of the process with the most descriptors, for `nproc` of the user; absent for other limits. */
  used?: number;
  /** Used part of the soft limit in per cent; absent without {@link used} or where unlimited. */
  sharePercent?: number;
}

/** Processes with equal limits. */
export interface LimitGroup {
  /** Whether the main process is one of them; that group is the first. */
  main: boolean;
  pids: number[];
  limits: LimitRow[];
}

/** A process and its descriptors. */
export interface ProcessUse {
  pid: number;
  name: string;
  threads: number;
  program: ProgramClass;
  /** Open descriptors; absent where they cannot be read. */
  descriptors?: {
    used: number;
    softLimit: number | null;
    sharePercent?: number;
    /** Absent for processes whose descriptors are only counted, see `docs/limits.md`. */
    byKind?: DescriptorCounts;
    /** Counts of the sockets that are in no table of the kernel, by protocol (`TCP`); absent without one. */
    zombies?: Readonly<Record<string, number>>;
    /** Growth per minute; absent after a single measurement. */
    perMinute?: number;
    /** Milliseconds until the soft limit is reached at that rate; absent without growth. */
    limitReachedInMs?: number;
    /** Change from the first measurement to the last, by kind; absent after a single measurement. */
    change?: DescriptorCounts;
  };
}

/** Limit of the pids controller of a container. It counts threads. */
export interface PidsReport {
  path: string;
  version: 1 | 2;
  current: number;
  /** Null for unlimited. */
  max: number | null;
  sharePercent?: number;
  /** How often a fork was refused; absent where the kernel does not report it. */
  refused?: number;
  /** The declared limit; absent where none was declared. */
  declared?: number;
}

/** A process outside the container from which it inherited limits, or whose limits can be compared. */
export interface RelatedProcess {
  /** `PID 1`, `Engine`, `containerd`, `shim`. */
  role: string;
  pid: number;
  name: string;
  /** Limits of open files; null for unlimited. */
  soft: number | null;
  hard: number | null;
}

/** The limits of one target, measured once or repeatedly. */
export interface LimitsReport {
  target: Target;
  takenAt: Date;
  /** Duration of the measurement in milliseconds; absent for a single measurement. */
  lookedMs?: number;
  coverage: Coverage;
  platform: Platform;
  /** Main process of the target. */
  mainPid: number;
  groups: LimitGroup[];
  /** The main process first, then by the used part of the limit, largest first. */
  processes: ProcessUse[];
  /** Absent in the root cgroup and without the pids controller. */
  pids?: PidsReport;
  /** Where the limits are declared: `the Engine (HostConfig.Ulimits)`, `dockerd --default-ulimit`; absent where they are not. */
  declaredBy?: string;
  related: RelatedProcess[];
  /** Remarks on the limits, one sentence each. */
  remarks: string[];
  /** How to set the limit of open files permanently on this platform, with example numbers. */
  fixes: readonly Fix[];
}
