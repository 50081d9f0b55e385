import type { DeclaredSettings } from '../container/container.ts';
import type { EventSource } from '../socket/connection-event.ts';
import type { Series } from './series.ts';
import type { SampledNetns, SampledTick, SnapshotHeader } from './tick.ts';

/**
 * The sockets of a namespace at one moment, stored. `Sockets` is `SocketColumns` when they are written, and
 * `StoredSockets` when they are read: those that did not change stay in the columns of earlier snapshots.
 */
export interface StoredSnapshot<Sockets> extends SnapshotHeader {
  sockets: Sockets;
}

/** What was seen of a namespace at one tick, stored. */
export type StoredNetnsTick<Sockets> = SampledNetns<StoredSnapshot<Sockets>>;

/** What was seen at one tick, stored. */
export type StoredTick<Sockets> = SampledTick<StoredNetnsTick<Sockets>>;

/** The first line of a recording: how it was made. */
export interface RecordingHeader {
  /** Version of the format, see `RECORDING_VERSION`. */
  version: number;
  startedAtMs: number;
  intervalMs: number;
  /** TARGET of the command line. */
  target: string;
  /** True for a full recording: every socket at every tick, with TCP information. False for a summary: only TCP sockets, where counters changed. */
  closely: boolean;
  /** Whether connection events were received. */
  events: boolean;
  /** What reported the events of TCP connections; absent without events, and in files of versions before 0.3: `sock_diag`. */
  eventSource?: EventSource;
  /** Whether closed connections have their receive queue, interface and times of their last data; absent in files of versions before 0.2. */
  fullEvents?: boolean;
  /** Whether names and addresses were replaced. */
  redacted: boolean;
}

/** Facts that rarely change. */
export interface RecordedDetails {
  /** Sysctls of network namespaces by inode number. */
  sysctls: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Names of interfaces by index, of network namespaces by inode number; absent in files of versions before 0.2. */
  devices?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Declared settings by container id. */
  declared: Readonly<Record<string, DeclaredSettings>>;
  runtimeProcesses: Series['runtimeProcesses'];
}

/** Names of the addresses and ports that occur in the recording. */
export interface RecordedNames {
  /** Names of hosts by textual address. */
  hosts: Readonly<Record<string, string>>;
  /** Names of services by port and protocol: `3306/tcp`. */
  services: Readonly<Record<string, string>>;
}
