import type { ContainerAddress, DeclaredSettings } from '../container/container.ts';
import type { PodOfContainer } from '../container/pod.ts';
import type { Scope } from './scope.ts';

/** A watched container. Its texts are not safe for a terminal. */
export interface WatchedContainer {
  name: string;
  /** See `ContainerFacts.runtimeName`. */
  runtimeName?: string;
  runtime: string;
  id: string;
  labels: Readonly<Record<string, string>>;
  addresses: readonly ContainerAddress[];
  /** Addresses of the gateways of its networks; absent where the runtime does not answer. */
  gateways?: readonly string[];
  /** PID of its first process. */
  pid: number;
  /** See `ContainerFacts.pod`. */
  pod?: PodOfContainer;
  /** As the runtime spells it; absent where unknown. */
  networkMode?: string;
  /** Path of its first process's cgroup; absent where it cannot be read. */
  cgroup?: string;
  /** Absent where the runtime does not answer. */
  declared?: DeclaredSettings;
}

/** A watched network namespace and its containers. */
export interface WatchedNetns {
  /** Inode number: identifies the network namespace while it exists. */
  netns: number;
  /** As a TARGET of the command line: the name of its only container, `netns:NAME`, `pid:N`, `host`; several with commas. */
  name: string;
  /** The requested TARGETs that are in it. */
  targets: readonly string[];
  /** Whether it is the host's network namespace. */
  host: boolean;
  /** See `Target.madeBy`. */
  madeBy?: readonly string[];
  /** In the order of their names, also those that are not meant; empty where it has no containers. */
  containers: readonly WatchedContainer[];
  /** Whose sockets are sampled; those of all where it is absent. */
  scope?: Scope;
}
