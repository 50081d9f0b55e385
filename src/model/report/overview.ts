import type { Coverage, Source } from '../sample/coverage.ts';
import type { SocketCounts } from './socket-counts.ts';

/** Descriptors of the process that is closest to its own limit. */
export interface DescriptorUse {
  pid: number;
  /** Open descriptors. */
  used: number;
  /** The process's own soft limit; null for unlimited. */
  softLimit: number | null;
  /** The process's own hard limit; null for unlimited. */
  hardLimit: number | null;
}

/** The remote endpoint with the most sockets. */
export interface BusiestPeer {
  address: string;
  /** 0 where the sockets are a server's: its clients' ports differ. */
  port: number;
  /** Sockets to it, in any state but LISTEN. */
  count: number;
  name?: string;
  service?: string;
}

/** A row of `ps`: a container, a namespace without one, the host, or what nobody owns. */
export interface OverviewRow {
  /** As a TARGET can be written; for an `unowned` row `unowned`. */
  name: string;
  /** `docker`, `podman`, …, `netns`, `host`, or `unowned`. */
  runtime: string;
  id?: string;
  pid?: number;
  /** See `Target.netns`. */
  netns: number;
  /** Names of the other rows of the same namespace, `unowned` left out. */
  sharedWith: string[];
  sockets: SocketCounts;
  /** Absent when no process is known or none may be looked at. */
  descriptors?: DescriptorUse;
  /** Absent without a connected socket. */
  busiestPeer?: BusiestPeer;
  source: Source;
  coverage: Coverage;
}

/** What `ps` shows. */
export interface Overview {
  /** When the first namespace was read. */
  takenAt: Date;
  rows: OverviewRow[];
  /** False when no runtime answered and no cgroup names a container. */
  anyContainer: boolean;
  /** What each runtime said; of a recording its name. */
  lookedFor: string[];
  /** The sentence for a person where there is no container; undefined where nobody looked for any. */
  withoutContainers: string | undefined;
  coverage: Coverage;
}
