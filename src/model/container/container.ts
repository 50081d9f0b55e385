/** A declared resource limit of a container, as the runtime reports it. */
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

/** What a container was started with. */
export interface DeclaredSettings {
  /** Empty where none was declared. */
  limits: readonly DeclaredLimit[];
  /** The image's name as it was given. */
  image?: string;
  /** The program that runs it, as the Engine knows it: `runc`, `runsc`, `io.containerd.kata.v2`; absent where unknown. */
  ociRuntime?: string;
  /** Of the pids controller; absent for none. */
  pidsLimit?: number;
  sysctls: Readonly<Record<string, string>>;
  /** Ports of the container that are published on the host. */
  published: readonly PublishedPort[];
}

/** A port of a container that the host passes on to it. */
export interface PublishedPort {
  proto: string;
  containerPort: number;
  /** Absent where the port is not published, only exposed. */
  hostPort?: number;
}

/** What a runtime tells about a container. Nothing in it is safe for a terminal: the container chose it. */
export interface ContainerFacts {
  /** `docker`, `podman`; for one that is only known by its cgroup path, the runtime that the path names. */
  runtime: string;
  /** Full id: 64 hexadecimal digits for Docker and Podman. */
  id: string;
  /** Without the leading slash; the short id where the runtime could not be asked. */
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Empty on the host's network, without a network, and in a namespace shared with another container. */
  addresses: readonly ContainerAddress[];
  /** Addresses of the gateways of its networks. */
  gateways: readonly string[];
  /** As the runtime spells it: `bridge`, `host`, `none`, `container:ID`, a network's name; undefined where unknown. */
  networkMode?: string;
}

/** More about a container, at the price of a question of its own to the runtime. */
export interface ContainerDetails extends ContainerFacts, DeclaredSettings {
  running: boolean;
  /** PID of the main process as the runtime's host sees it; absent when not running. */
  pid?: number;
  /** ISO 8601; absent when never started. */
  startedAt?: string;
  /** ISO 8601; absent while running. */
  finishedAt?: string;
  /** The program and its arguments, entry point and command joined. */
  command: readonly string[];
}
