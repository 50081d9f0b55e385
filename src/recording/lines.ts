import type { WatchedContainer, WatchedNetns } from '../model/netns/netns.ts';
import type { Coverage, Source } from '../model/sample/coverage.ts';
import type { RecordedDetails, RecordedNames, RecordingHeader } from '../model/sample/recorded.ts';
import type { HostSample, PidsUse, ProcessSample, SocketMemory } from '../model/sample/sample.ts';
import type { Proto } from '../model/socket/socket-view.ts';
import type { StackFacts } from '../model/stack/stack-facts.ts';
import type { Columns } from './cells.ts';

/**
 * Version of the format, `docs/recording.md`: one JSON object per line, in chronological order. Raised when the
 * meaning of a line changes, not when keys are added.
 */
export const RECORDING_VERSION = 1;

/** The first line. */
export interface HeaderLine extends RecordingHeader {
  type: 'socklens-recording';
}

/** The watched network namespaces and all containers: written before the first tick and whenever they change. */
export interface NamespacesLine {
  type: 'spaces';
  spaces: readonly WatchedNetns[];
  containers: readonly WatchedContainer[];
}

/** Names of addresses and ports that are new or changed; an empty name removes the previous one. */
export interface NamesLine extends RecordedNames {
  type: 'names';
}

/** Facts that rarely change: written when they are known, and whenever they change. */
export interface DetailsLine extends RecordedDetails {
  type: 'details';
}

/** What the programs of processes are; each process once. */
export interface StacksLine {
  type: 'stacks';
  stacks: readonly StackFacts[];
}

/** One tick. Unchanged network namespaces are left out. */
export interface TickLine {
  type: 'tick';
  /** Milliseconds since the epoch. */
  at: number;
  spaces?: NetnsChange[];
  host?: HostSample;
  notes?: readonly string[];
  budget?: { share: number; stretched: boolean };
}

/** Changes of one network namespace since the previous tick; what is absent did not change. */
export interface NetnsChange {
  netns: number;
  /** Increase of each counter that increased. Null where counters can no longer be read. */
  counters?: Record<string, number> | null;
  /** New values of the fields that changed. Null where they can no longer be read. */
  sockstat?: Record<string, number> | null;
  /** All processes, when any changed; likewise `pids` and `memory`. */
  processes?: readonly ProcessSample[];
  pids?: readonly PidsUse[];
  memory?: readonly SocketMemory[];
  /** Connections that were closed, and attempts that failed. */
  closes?: number;
  /** How many of {@link closes} were attempts that failed; absent for none, and in files of versions before 0.3. */
  failed?: number;
  /** Absent for none, and where the source of events does not report them. */
  opened?: number;
  established?: number;
  lost?: number;
  look?: SnapshotChange;
}

/** Changes of the sockets of a network namespace since the previous snapshot. */
export interface SnapshotChange {
  /** Milliseconds since the epoch. */
  at: number;
  source: Source;
  /** Protocols that were read from another source; absent for none. */
  sources?: Partial<Record<Proto, Source>>;
  /** Absent when the snapshot is complete. */
  coverage?: Coverage;
  /** Bit mask of the states that were left out; absent for none. */
  without?: number;
  /** How long before `at` the holders of its sockets were known, milliseconds; absent where that is not known. */
  owners?: number;
  /** New and changed sockets, with all fields. */
  now?: Columns;
  /** Keys of the removed sockets, ascending, each as the difference to the previous one. */
  gone?: number[];
}

/** Connections opened and established since the previous tick; written before the next tick. */
export interface BeganLine {
  type: 'began';
  /** Milliseconds since the epoch. */
  at: number;
  begins: Columns;
}

/** Connections closed, and attempts that failed, since the previous tick; written before the next tick. */
export interface EndedLine {
  type: 'ended';
  /** Milliseconds since the epoch. */
  at: number;
  ends: Columns;
}

/** The last line of a recording; missing where the recorder was killed. */
export interface EndLine {
  type: 'end';
}

/** Any line of a recording. */
export type RecordingLine =
  | HeaderLine
  | NamespacesLine
  | NamesLine
  | DetailsLine
  | StacksLine
  | TickLine
  | BeganLine
  | EndedLine
  | EndLine;
