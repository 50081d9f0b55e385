import type { PodOfContainer } from './pod.ts';

/** A resource limit that was declared for a container, as its runtime reports it. */
export interface DeclaredLimit {
  /** Name without `RLIMIT_`, lower case: `nofile`. */
  name: string;
  soft: number;
  hard: number;
}

/** An address that a container has on one of its networks. */
export interface ContainerAddress {
  /** The network's name: `bridge`. */
  network: string;
  /** Textual IPv4 or IPv6 address, without a prefix length. */
  address: string;
}

/** The settings that a container was started with. */
export interface DeclaredSettings {
  /** Empty where none was declared. */
  limits: readonly DeclaredLimit[];
  /** Name of the image as it was given to the runtime; absent where unknown. */
  image?: string;
  /**
   * Eight hexadecimal digits of SHA-256 of program and arguments: containers with the same one run the same command,
   * which itself may contain secrets; absent where unknown.
   */
  commandDigest?: string;
  /** Name of the OCI runtime: `runc`, `runsc`, `io.containerd.kata.v2`; absent where unknown. */
  ociRuntime?: string;
  /** Limit of the pids controller, in tasks; absent for none. */
  pidsLimit?: number;
  sysctls: Readonly<Record<string, string>>;
  /** Exposed and published ports of the container. */
  published: readonly PublishedPort[];
}

/** A port of a container that is exposed, and may be published on the host. */
export interface PublishedPort {
  proto: string;
  containerPort: number;
  /** Port of the host; absent where the port is not published. */
  hostPort?: number;
}

/** What a runtime reports of a container. Its texts are not safe for a terminal: the container chose them. */
export interface ContainerFacts {
  /** `docker`, `podman`; for a container known from its cgroup path only, the runtime in that path. */
  runtime: string;
  /** Full id: 64 hexadecimal digits for Docker and Podman. */
  id: string;
  /**
   * As it is shown: the runtime's, `FAMILY/CONTAINER` of ECS, `NAMESPACE/POD/CONTAINER` of Kubernetes; the short id where
   * the runtime does not answer.
   */
  name: string;
  /** The name that the runtime itself has for it, a TARGET too; absent where it is {@link name}. */
  runtimeName?: string;
  labels: Readonly<Record<string, string>>;
  /** Empty on the host's network, without a network, and in a namespace shared with another container. */
  addresses: readonly ContainerAddress[];
  /** Addresses of the gateways of its networks. */
  gateways: readonly string[];
  /** As the runtime spells it: `bridge`, `host`, `none`, `container:ID`, a network's name; undefined where unknown. */
  networkMode?: string;
  /** The pod that it is in, of a runtime that knows pods; see `podOf`. */
  pod?: PodOfContainer;
  /** Whether it only holds the namespaces of its pod: a sandbox of CRI, Podman's infra container. */
  isInfra?: boolean;
  /** PID of its main process in the PID namespace of the runtime; absent when not running, and where a list lacks it. */
  pid?: number;
  /** ISO 8601; absent when never started, and where a list lacks it. */
  startedAt?: string;
  /** Inode of its network namespace, as the runtime reports it; absent where it does not. */
  netns?: number;
  /**
   * Uid of the ordinary user whose program reports all this: it holds only for processes of that user. Absent for a
   * runtime of root's, and of the reader's own.
   */
  reportedBy?: number;
}

/** All that a runtime reports of a container: needs a request for each container. */
export interface ContainerDetails extends ContainerFacts, DeclaredSettings {
  running: boolean;
  /** ISO 8601; absent while running. */
  finishedAt?: string;
  /** Program and arguments: the entry point followed by the command. */
  command: readonly string[];
}
