import type { Group } from './group.ts';
import type { DescriptorUse } from './overview.ts';

/** A group of a tick, and how it changed since the tick before. */
export interface ChangedGroup extends Group {
  /** Absent at the first tick of a target. */
  change?: number;
}

/** What `watch` tells of one target at one tick. */
export interface WatchRow {
  at: Date;
  target: string;
  total: number;
  change?: number;
  groups: readonly ChangedGroup[];
  /** TCP connections made and ended, of those that match the filter; absent at the first tick, and what nobody counts. */
  opensPerSecond?: number;
  closesPerSecond?: number;
  /** Whether the opens are a lower bound: they were counted from events, and some were lost. */
  opensAtLeast?: true;
  /** Of the process that is closest to its own limit; absent where none may be looked at. */
  descriptors?: DescriptorUse;
  /** How often the kernel dropped events since the tick before: closes are a lower bound then. */
  lost: number;
  /** How old the counts are, milliseconds; absent where they are of this tick. */
  ageMs?: number;
  /** What was not seen. */
  notes: readonly string[];
}
