import type { WatchedContainer, WatchedNetns } from '../netns/netns.ts';
import type { EventCounts } from '../socket/connection-event.ts';
import type { Proto } from '../socket/socket-view.ts';
import type { Coverage, Source } from './coverage.ts';
import type { HostSample, NetnsMeasurements } from './sample.ts';

/** How the sockets of a network namespace were read at one time. */
export interface SnapshotHeader {
  /** Milliseconds since the epoch. */
  takenAtMs: number;
  /** Source of most protocols. */
  source: Source;
  /** Source of each protocol that was read from another source; absent for none. */
  sources?: Partial<Record<Proto, Source>> | undefined;
  coverage: Coverage;
  /** Bit mask of the states that were left out, see `stateMask`: `sockstat` has the count of TIME_WAIT. */
  withoutStates: number;
  /**
   * The moment as of which the holders of its sockets are known, milliseconds since the epoch: when the process was read
   * that was read longest ago. Absent where no socket has a holder, or none was searched.
   */
  ownersAtMs?: number | undefined;
}

/** Sample of one network namespace at one tick. `Snapshot` is the type that holds its sockets. */
export interface SampledNetns<Snapshot extends SnapshotHeader> extends NetnsMeasurements {
  namespace: WatchedNetns;
  /** Present when its sockets were read at this tick. */
  snapshot?: Snapshot;
  /** Present where nothing happened since its last snapshot: its sockets are still those, see `TickRequest.mayRepeat`. */
  still?: true;
  /** Connection events since the previous tick; absent where events are not received. */
  events?: EventCounts;
  /** How often events were lost since the previous tick. */
  lost: number;
}

/** Samples of a machine at one tick. */
export interface SampledTick<Namespace> {
  /** Milliseconds since the epoch. */
  atMs: number;
  namespaces: readonly Namespace[];
  /** Every container of the machine. */
  containers: readonly WatchedContainer[];
  /** Absent where it was not requested. */
  host?: HostSample;
  /** Sentences about targets that started or stopped, and what was not read, since the previous tick. */
  notes: readonly string[];
  /** CPU budget for background namespaces, as a fraction of one core, and whether it slowed refreshes down; absent without a budget. */
  budget?: { share: number; stretched: boolean };
}
