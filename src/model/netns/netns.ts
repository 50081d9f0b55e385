import type { ContainerAddress, DeclaredSettings } from '../container/container.ts';

/** A container as whoever watches it needs it. Nothing in it is safe for a terminal. */
export interface WatchedContainer {
  name: string;
  runtime: string;
  id: string;
  labels: Readonly<Record<string, string>>;
  addresses: readonly ContainerAddress[];
  /** Addresses of the gateways of its networks; absent where the runtime could not be asked. */
  gateways?: readonly string[];
  /** Its first process. */
  pid: number;
  /** As the runtime spells it; absent where unknown. */
  networkMode?: string;
  /** Path of its first process's cgroup; absent where it cannot be read. */
  cgroup?: string;
  /** What was declared for it; absent where the runtime could not be asked. */
  declared?: DeclaredSettings;
}

/** A network namespace that is watched, and who lives in it. */
export interface WatchedNetns {
  /** Inode number: its identity as long as it lives. */
  netns: number;
  /** As a TARGET can be written: the name of its only container, `netns:NAME`, `pid:N`, `host`; several with commas. */
  name: string;
  /** The TARGETs that were asked for and live here. */
  targets: readonly string[];
  host: boolean;
  /** In the order of their names; empty for a namespace without containers. */
  containers: readonly WatchedContainer[];
}
