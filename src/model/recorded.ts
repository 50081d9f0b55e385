import type { DeclaredSettings } from './container.ts';
import type { NetCounters, Sockstat } from './counters.ts';
import type { HostSample, PidsUse, ProcessSample, SocketMemory } from './sample.ts';
import type { Series } from './series.ts';
import type { Coverage, Source } from './snapshot.ts';
import type { SocketRecord } from './socket-record.ts';
import type { Proto } from './socket-view.ts';
import type { WatchedContainer, WatchedSpace } from './watched.ts';

/** The sockets of a namespace at one moment, kept. `Sockets` is how: as records to be written, in columns when read. */
export interface RecordedLook<Sockets = readonly SocketRecord[]> {
  takenAtMs: number;
  source: Source;
  /** How single protocols were read that were read in another way; absent for none. */
  sources?: Partial<Record<Proto, Source>> | undefined;
  coverage: Coverage;
  /** States that were left out, as a mask. */
  withoutStates: number;
  sockets: Sockets;
}

/** What was seen of a namespace at one tick, kept. Means what `SpaceTick` of `collect/sampling/source.ts` says. */
export interface RecordedSpace<Sockets = readonly SocketRecord[]> {
  space: WatchedSpace;
  counters?: NetCounters;
  sockstat?: Sockstat;
  processes?: readonly ProcessSample[];
  pids?: readonly PidsUse[];
  memory?: readonly SocketMemory[];
  look?: RecordedLook<Sockets>;
  closes?: number;
  lost: number;
}

/** What was seen at one tick, kept. */
export interface RecordedTick<Sockets = readonly SocketRecord[]> {
  atMs: number;
  spaces: readonly RecordedSpace<Sockets>[];
  containers: readonly WatchedContainer[];
  host?: HostSample;
  notes: readonly string[];
  budget?: { share: number; stretched: boolean };
}

/** How a recording was made. */
export interface RecordingHeader {
  /** Of the format, {@link RECORDING_VERSION}. */
  version: number;
  startedAtMs: number;
  intervalMs: number;
  /** The TARGET as it was typed. */
  target: string;
  /** Whether every socket was read at every tick, with its TCP information; otherwise TCP sockets where something moved. */
  closely: boolean;
  /** Whether connection events were received. */
  events: boolean;
  /** Whether closed connections have their receive queue, interface and times of their last data; files of versions before 0.2 have not. */
  fullEvents?: boolean;
  redacted: boolean;
}

/** What changes seldom, kept. */
export interface RecordedDetails {
  /** Settings of namespaces by their inodes. */
  sysctls: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By container id. */
  declared: Readonly<Record<string, DeclaredSettings>>;
  runtimeProcesses: Series['runtimeProcesses'];
}

/** Names that were known of addresses and ports; those that were never met are left out. */
export interface RecordedNames {
  /** By textual address. */
  hosts: Readonly<Record<string, string>>;
  /** `3306/tcp`. */
  services: Readonly<Record<string, string>>;
}
