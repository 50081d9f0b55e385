import type { Platform } from '../container/platform.ts';
import type { Fix } from '../finding/finding.ts';
import type { Target } from '../netns/target.ts';

/** A limit as JSON has it; null for unlimited. */
export interface LimitPair {
  soft: number | null;
  hard: number | null;
}

/** What became of the limit of one process. */
export interface SetProcess {
  pid: number;
  name: string;
  /** Open descriptors before; absent where they may not be looked at. */
  used?: number;
  before: LimitPair;
  /** What it was to become. */
  wanted: LimitPair;
  /** What it is now; absent where nothing was done. */
  after?: LimitPair;
  /** null when nothing was done. */
  outcome: 'changed' | 'unchanged' | 'gone' | 'refused' | null;
  /** Why it was refused. */
  reason?: string;
}

/** Limits of open files that were set, or would have been. */
export interface SetReport {
  target: Target;
  takenAt: Date;
  /** `nofile`. */
  limit: string;
  platform: Platform;
  processes: SetProcess[];
  fixes: readonly Fix[];
}
