import type { Platform } from '../container/platform.ts';
import type { Fix } from '../finding/finding.ts';
import type { Target } from '../netns/target.ts';

/** A soft and a hard limit for JSON; null for unlimited. */
export interface LimitPair {
  soft: number | null;
  hard: number | null;
}

/** The result of setting the limit of one process. */
export interface SetProcess {
  pid: number;
  name: string;
  /** Open descriptors before the change; absent where they cannot be read. */
  used?: number;
  before: LimitPair;
  /** The limit to set. */
  wanted: LimitPair;
  /** The limit after the change; absent where nothing was changed. */
  after?: LimitPair;
  /** Null for a dry run. */
  outcome: 'changed' | 'unchanged' | 'gone' | 'refused' | null;
  /** Why it was refused. */
  reason?: string;
}

/** Limits of open files that were set, or that a dry run would set. */
export interface SetReport {
  target: Target;
  takenAt: Date;
  /** `nofile`. */
  limit: string;
  platform: Platform;
  processes: SetProcess[];
  fixes: readonly Fix[];
}
