import type { EcsTask } from '../container/ecs-task.ts';
import type { PodOfContainer } from '../container/pod.ts';
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

/** The peer with the most sockets. */
export interface BusiestPeer {
  address: string;
  /** Port of the peer; 0 for a client of a local server, because clients' ports differ. */
  port: number;
  /** Number of sockets connected to it, in any state. */
  count: number;
  name?: string;
  service?: string;
}

/** A row of `ps`: a container, a network namespace without one, the host, or the sockets of nobody in a shared one. */
export interface OverviewRow {
  /** As a TARGET of the command line; `shared: a + b` for the sockets that belong to neither a nor b. */
  name: string;
  /** See `ContainerFacts.runtimeName`. */
  runtimeName?: string;
  /** `docker`, `podman`, …, `netns`, `host`; `-` for the row `shared: a + b`. */
  runtime: string;
  id?: string;
  pid?: number;
  /** See `Target.netns`. */
  netns: number;
  /** See `Target.madeBy`. */
  madeBy?: readonly string[];
  /** The service that it is an instance of, as `Service.key`: `compose:shop/api`, `ecs:hooks/receiver`; absent for none. */
  service?: string;
  /** Its ECS task, by the labels of the agent; absent outside of ECS. */
  ecs?: EcsTask;
  /** The pod that it is in; absent outside of pods. */
  pod?: PodOfContainer;
  /** Names of the other containers of the same network namespace, and `host`. */
  sharedWith: string[];
  /** Null where none could be seen: the namespace, or the processes of a container that shares it, may not be read. */
  sockets: SocketCounts | null;
  /** Absent where no process is known or none can be read. */
  descriptors?: DescriptorUse;
  /** Absent without a connected socket. */
  busiestPeer?: BusiestPeer;
  /** Absent where the namespace may not be read. */
  source?: Source;
  coverage: Coverage;
}

/** The answer of `ps`. */
export interface Overview {
  /** When the first network namespace was read. */
  takenAt: Date;
  rows: OverviewRow[];
  /** False when no runtime reports a container and no cgroup path names one. */
  anyContainer: boolean;
  /** The answer of each runtime, as text; for a recording its file. */
  lookedFor: string[];
  /** The message to print where there is no container; undefined for a recording. */
  withoutContainers: string | undefined;
  coverage: Coverage;
}
