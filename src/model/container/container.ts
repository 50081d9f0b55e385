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
  /** Without the leading slash; the short id where the runtime does not answer. */
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Empty on the host's network, without a network, and in a namespace shared with another container. */
  addresses: readonly ContainerAddress[];
  /** Addresses of the gateways of its networks. */
  gateways: readonly string[];
  /** As the runtime spells it: `bridge`, `host`, `none`, `container:ID`, a network's name; undefined where unknown. */
  networkMode?: string;
}

/** All that a runtime reports of a container: needs a request for each container. */
export interface ContainerDetails extends ContainerFacts, DeclaredSettings {
  running: boolean;
  /** PID of the main process in the PID namespace of the runtime; absent when not running. */
  pid?: number;
  /** ISO 8601; absent when never started. */
  startedAt?: string;
  /** ISO 8601; absent while running. */
  finishedAt?: string;
  /** Program and arguments: the entry point followed by the command. */
  command: readonly string[];
}
