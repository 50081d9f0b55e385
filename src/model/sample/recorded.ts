import type { DeclaredSettings } from '../container/container.ts';
import type { SocketRecord } from '../socket/socket-record.ts';
import type { Series } from './series.ts';
import type { SampledNetns, SampledTick, SnapshotHeader } from './tick.ts';

/** The sockets of a namespace at one moment, stored. `Sockets` is how: as records to be written, in columns when read. */
export interface StoredSnapshot<Sockets = readonly SocketRecord[]> extends SnapshotHeader {
  sockets: Sockets;
}

/** What was seen of a namespace at one tick, stored. */
export type StoredNetnsTick<Sockets = readonly SocketRecord[]> = SampledNetns<StoredSnapshot<Sockets>>;

/** What was seen at one tick, stored. */
export type StoredTick<Sockets = readonly SocketRecord[]> = SampledTick<StoredNetnsTick<Sockets>>;

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
