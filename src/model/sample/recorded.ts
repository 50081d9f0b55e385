import type { DeclaredSettings } from '../container/container.ts';
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

/** What changes seldom, recorded. */
export interface RecordedDetails {
  /** Settings of namespaces by their inodes. */
  sysctls: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By container id. */
  declared: Readonly<Record<string, DeclaredSettings>>;
  runtimeProcesses: Series['runtimeProcesses'];
}

/** Names of addresses and ports that occurred. */
export interface RecordedNames {
  /** By textual address. */
  hosts: Readonly<Record<string, string>>;
  /** `3306/tcp`. */
  services: Readonly<Record<string, string>>;
}
