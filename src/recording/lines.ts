import type { WatchedContainer, WatchedNetns } from '../model/netns/netns.ts';
import type { Coverage, Source } from '../model/sample/coverage.ts';
import type { RecordedDetails, RecordedNames, RecordingHeader } from '../model/sample/recorded.ts';
import type { HostSample, PidsUse, ProcessSample, SocketMemory } from '../model/sample/sample.ts';
import type { Proto } from '../model/socket/socket-view.ts';
import type { Columns } from './cells.ts';

/**
 * The lines of a recording, `docs/recording.md`: JSON, one a line, in the order in which things happened.
 * Raised when a line changes its meaning; new keys may come without that.
 */
export const RECORDING_VERSION = 1;

/** The first line. */
export interface HeaderLine extends RecordingHeader {
  type: 'socklens-recording';
}

/** Which namespaces are watched and who lives in them: before the first tick, and whenever that changed. */
export interface NamespacesLine {
  type: 'spaces';
  spaces: readonly WatchedNetns[];
  containers: readonly WatchedContainer[];
}

/** Names that were met for the first time, or are others now; an empty one is forgotten. */
export interface NamesLine extends RecordedNames {
  type: 'names';
}

export interface DetailsLine extends RecordedDetails {
  type: 'details';
}

/** One tick. Namespaces of which nothing changed are left out. */
export interface TickLine {
  type: 'tick';
  /** Milliseconds since the epoch. */
  at: number;
  spaces?: NetnsChange[];
  host?: HostSample;
  notes?: readonly string[];
  budget?: { share: number; stretched: boolean };
}

/** What changed in one namespace since the tick before. */
export interface NetnsChange {
  netns: number;
  /** By how much each counter rose; those that did not are left out. Null where they can be read no more. */
  counters?: Record<string, number> | null;
  /** Those of the fields that changed, as they are now. Null where they can be read no more. */
  sockstat?: Record<string, number> | null;
  /** All of them, when any changed. */
  processes?: readonly ProcessSample[];
  pids?: readonly PidsUse[];
  memory?: readonly SocketMemory[];
  closes?: number;
  lost?: number;
  look?: SnapshotChange;
}

/** What changed among the sockets of a namespace since the look before. */
export interface SnapshotChange {
  at: number;
  source: Source;
  /** Protocols that were read in another way; left out for none. */
  sources?: Partial<Record<Proto, Source>>;
  /** Left out when all was seen. */
  coverage?: Coverage;
  without?: number;
  /** Sockets that are new, or of which something changed: then all of it is here again. */
  now?: Columns;
  /** Keys of those that are gone, each as the difference to the one before, ascending. */
  gone?: number[];
}

/** Connections closed since the tick before; stands before the tick that follows. */
export interface EndedLine {
  type: 'ended';
  /** Milliseconds since the epoch. */
  at: number;
  ends: Columns;
}

/** The last line of a recording that was ended in order. */
export interface EndLine {
  type: 'end';
}

export type RecordingLine = HeaderLine | NamespacesLine | NamesLine | DetailsLine | TickLine | EndedLine | EndLine;
