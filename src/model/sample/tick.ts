import type { WatchedContainer, WatchedNetns } from '../netns/netns.ts';
import type { Proto } from '../socket/socket-view.ts';
import type { Coverage, Source } from './coverage.ts';
import type { HostSample, NetnsMeasurements } from './sample.ts';

/** How the sockets of a network namespace were read at one moment. */
export interface SnapshotHeader {
  /** Milliseconds since the epoch. */
  takenAtMs: number;
  /** How most was read. */
  source: Source;
  /** How single protocols were read that were read in another way; absent for none. */
  sources?: Partial<Record<Proto, Source>> | undefined;
  coverage: Coverage;
  /** States that were left out, as a mask: those in TIME_WAIT are counted in `sockstat`. */
  withoutStates: number;
}

/** What was seen of one network namespace at one tick. `Snapshot` is how its sockets are held. */
export interface SampledNetns<Snapshot extends SnapshotHeader> extends NetnsMeasurements {
  namespace: WatchedNetns;
  /** Present when its sockets were read at this tick. */
  snapshot?: Snapshot;
  /** Connections closed since the tick before; absent where events are not received. */
  closes?: number;
  /** How often the kernel dropped events since the tick before. */
  lost: number;
}

/** What was seen of a machine at one moment. */
export interface SampledTick<Namespace> {
  /** Milliseconds since the epoch. */
  atMs: number;
  namespaces: readonly Namespace[];
  /** Every container of the machine. */
  containers: readonly WatchedContainer[];
  /** Absent where it was not asked for. */
  host?: HostSample;
  /** Sentences about what came, went, or was not seen since the tick before. */
  notes: readonly string[];
  /** The CPU budget of the background, as a fraction of one core, and whether it delayed something. */
  budget?: { share: number; stretched: boolean };
}
