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
  /** The words of `ulimit -a`. */
  title: string;
  /** The shell's `ulimit` flag: `-n`. */
  flag: string;
  /** `descriptors`, `bytes`; empty for a bare number. */
  unit: string;
  soft: number | null;
  hard: number | null;
  /** What was declared for the container; absent where nothing was. */
  declared?: { soft: number | null; hard: number | null };
  /** Use now: for `nofile` of the group's fullest process, for `nproc` of the user; absent elsewhere. */
  used?: number;
  /** Use of the soft limit in per cent; absent without a use or a limit. */
  sharePercent?: number;
}

/** Processes whose limits are equal. */
export interface LimitGroup {
  /** True where the main process is one of them; that group comes first. */
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
  /** Open descriptors; absent where they may not be looked at, and so is what follows. */
  descriptors?: {
    used: number;
    softLimit: number | null;
    sharePercent?: number;
    /** Absent for processes that are not looked at so closely, see `docs/limits.md`. */
    byKind?: DescriptorCounts;
    /** Protocols of the sockets that no table shows, `TCP`, with their counts; absent without one. */
    zombies?: Readonly<Record<string, number>>;
    /** Growth, a minute; absent after a single look. */
    perMinute?: number;
    /** Until the soft limit is reached at that pace; absent when it is not growing. */
    limitReachedInMs?: number;
    /** What became more or fewer from the first look to the last, by kind; absent after a single look. */
    change?: DescriptorCounts;
  };
}

/** The pids controller's limit of a container: threads count. */
export interface PidsReport {
  path: string;
  version: 1 | 2;
  current: number;
  /** null for unlimited. */
  max: number | null;
  sharePercent?: number;
  /** How often a fork was refused; absent where the kernel does not tell. */
  refused?: number;
  /** What was declared; absent where nothing was. */
  declared?: number;
}

/** A process outside of the container that its limits came from, or could be compared with. */
export interface RelatedProcess {
  /** `PID 1`, `Engine`, `containerd`, `shim`. */
  role: string;
  pid: number;
  name: string;
  /** Open files; null for unlimited. */
  soft: number | null;
  hard: number | null;
}

/** The limits of one target at one moment, or over a while. */
export interface LimitsReport {
  target: Target;
  takenAt: Date;
  /** How long was looked, in milliseconds; absent for one look. */
  lookedMs?: number;
  coverage: Coverage;
  platform: Platform;
  /** Process that stands for the container. */
  mainPid: number;
  groups: LimitGroup[];
  /** The main process first, then by their share of the limit. */
  processes: ProcessUse[];
  /** Absent in the root cgroup and without the controller. */
  pids?: PidsReport;
  /** Where the limits are declared: `the Engine (HostConfig.Ulimits)`, `dockerd --default-ulimit`; absent where they are not. */
  declaredBy?: string;
  related: RelatedProcess[];
  /** What a reader should know: a sentence each. */
  remarks: string[];
  /** How the limit of open files is set durably here, with an example's numbers. */
  fixes: readonly Fix[];
}
