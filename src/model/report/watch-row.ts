import type { Group } from './group.ts';
import type { DescriptorUse } from './overview.ts';

/** A group at a tick, with its change since the previous tick. */
export interface ChangedGroup extends Group {
  /** Absent at the first tick of a target. */
  change?: number;
  /**
   * The most connections, TIME_WAIT excluded, that it had at the same time since the previous tick, from events; absent
   * where they do not tell, and the count is only that of the sample.
   */
  peak?: number;
}

/** The counts that `watch` prints for one target at one tick. */
export interface WatchRow {
  at: Date;
  target: string;
  total: number;
  change?: number;
  groups: readonly ChangedGroup[];
  /** As `peak` of a group, of all of them. */
  peak?: number;
  /** TCP connections opened and closed that match the filter; absent at the first tick and where they are not counted. */
  opensPerSecond?: number;
  /** How many of {@link closesPerSecond} were attempts to connect that failed; absent where events do not tell in time. */
  failuresPerSecond?: number;
  closesPerSecond?: number;
  /** Present when {@link opensPerSecond} is a lower bound: counted from events of which some were lost. */
  opensAtLeast?: true;
  /** Descriptors of the process that is closest to its own limit; absent where none can be read. */
  descriptors?: DescriptorUse;
  /** How often the kernel dropped events since the previous tick. If not 0, {@link closesPerSecond} is a lower bound. */
  lost: number;
  /** Age of the counts in milliseconds; absent where they are of this tick. */
  ageMs?: number;
  /**
   * Age of what is known of the processes that hold the sockets, milliseconds; present where they are counted by it and
   * it is more than three seconds.
   */
  ownersAgeMs?: number;
  /** Sentences about what was not read. */
  notes: readonly string[];
}
