/** Makes pods and their containers through CRI, as the kubelet does. */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { bool, int32, int64, list, message, nested, text, textMap, uint32 } from '../../../src/protobuf/message.ts';
import { GRPC_LIMITS, GrpcConnection } from '../../../src/runtimes/containerd/grpc.ts';
import { hierarchies, removeCgroups } from '../private-processes.ts';
import { BOX_IMAGE, type TestContainerd } from './containerd.ts';

/** What is asked of a pod. */
export interface PodOptions {
  name?: string;
  /** Default `default`. */
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  hostNetwork?: boolean;
  hostPid?: boolean;
  /** A handler of the configuration: `limited` gives containers {@link LIMITED}. */
  handler?: string;
}

/** A running pod without containers. */
export interface TestPod {
  /** Id of its sandbox. */
  id: string;
  name: string;
  namespace: string;
  uid: string;
  hostNetwork: boolean;
  hostPid: boolean;
  logDirectory: string;
  config: Uint8Array;
}

/** What is asked of a container of a pod. */
export interface PodContainerOptions {
  name?: string;
  /** How many times it was started before; default 0. */
  attempt?: number;
  /** Script for `sh -c`; default `sleep 1000000`. */
  script?: string;
  /** Another image than {@link BOX_IMAGE}, which is started with its own entry point and `args`. */
  image?: string;
  args?: string[];
  mounts?: { host: string; container: string; readonly: boolean }[];
  /** What its security context asks for, with the runtime's seccomp profile; default: the runtime's own. */
  security?: ContainerSecurity;
  env?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** The security context of a container. */
export interface ContainerSecurity {
  user: bigint;
  /** Capabilities, without `CAP_`. */
  add: string[];
  drop: string[];
  readonlyRoot: boolean;
  noNewPrivileges: boolean;
  maskedPaths: string[];
  readonlyPaths: string[];
  /** A profile, or `unconfined`. */
  appArmor: string;
  seLinuxType: string;
}

/** The answer of a program that ran in a container. */
export interface Executed {
  stdout: string;
  stderr: string;
  status: number;
}

/** A running container of a pod. */
export interface TestPodContainer {
  id: string;
  /** `NAMESPACE/POD/CONTAINER` */
  name: string;
  /** Process id of its first process, by `ctr`. */
  pid: number;
}

/** NamespaceOption: the host's network instead of the pod's own. */
const NODE = 2;

const NamespaceOption = message({ network: int32(1), pid: int32(2) });
const SecurityContext = message({
  capabilities: nested(1, message({ add: list(text(1)), drop: list(text(2)) })),
  namespaces: nested(3, NamespaceOption),
  seLinux: nested(4, message({ type: text(3) })),
  user: nested(5, message({ value: int64(1) })),
  readonlyRoot: bool(7),
  appArmor: text(9),
  noNewPrivileges: bool(11),
  maskedPaths: list(text(13)),
  readonlyPaths: list(text(14)),
  // Type 0 is the runtime's default.
  seccomp: nested(15, message({ type: int32(1) })),
});
const PodConfig = message({
  metadata: nested(1, message({ name: text(1), uid: text(2), namespace: text(3), attempt: uint32(4) })),
  hostname: text(2),
  logDirectory: text(3),
  labels: textMap(6),
  annotations: textMap(7),
  linux: nested(
    8,
    message({ cgroupParent: text(1), securityContext: nested(2, message({ namespaces: nested(1, NamespaceOption) })) }),
  ),
});
const RunPodRequest = message({ config: nested(1, PodConfig), handler: text(2) });
const ContainerConfig = message({
  metadata: nested(1, message({ name: text(1), attempt: uint32(2) })),
  image: nested(2, message({ image: text(1) })),
  command: list(text(3)),
  args: list(text(4)),
  envs: list(nested(6, message({ key: text(1), value: text(2) }))),
  mounts: list(nested(7, message({ container: text(1), host: text(2), readonly: bool(3) }))),
  labels: textMap(9),
  annotations: textMap(10),
  logPath: text(11),
  linux: nested(15, message({ securityContext: nested(2, SecurityContext) })),
});
const CreateContainerRequest = message({
  pod: text(1),
  config: nested(2, ContainerConfig),
  podConfig: nested(3, PodConfig),
});
const ExecRequest = message({ id: text(1), command: list(text(2)), timeout: int64(3) });
const ExecAnswer = message({ stdout: text(1), stderr: text(2), status: int32(3) });
/** Requests and answers with an id alone, and a time limit in seconds. */
const Id = message({ id: text(1), timeout: int64(2) });

/** Makes pods on one containerd. */
export class Pods {
  readonly #containerd: TestContainerd;
  /** Parent of the pods' cgroups. */
  readonly #cgroup = `/kubepods-sltest-${process.pid}`;
  #counter = 0;

  constructor(containerd: TestContainerd) {
    this.#containerd = containerd;
  }

  /** Runs a pod without containers. */
  async run(options: PodOptions = {}): Promise<TestPod> {
    const { namespace = 'default', hostNetwork = false, hostPid = false } = options;
    const name = options.name ?? `pod-${this.#counter++}`;
    const uid = randomUUID();
    const logDirectory = `${this.#containerd.folder}/logs/${uid}`;
    fs.mkdirSync(logDirectory, { recursive: true });
    const config = {
      metadata: { name, uid, namespace, attempt: 0 },
      // runc sets a name only in a namespace of the pod's own.
      hostname: hostNetwork ? '' : name,
      logDirectory,
      labels: {
        'io.kubernetes.pod.name': name,
        'io.kubernetes.pod.namespace': namespace,
        'io.kubernetes.pod.uid': uid,
        ...options.labels,
      },
      annotations: options.annotations ?? {},
      linux: {
        cgroupParent: `${this.#cgroup}/pod${uid}`,
        securityContext: { namespaces: namespacesOf({ hostNetwork, hostPid }) },
      },
    };
    const request = RunPodRequest.encode({ config, handler: options.handler ?? '' });
    const { id } = Id.decode(await this.#call('RunPodSandbox', request));
    return { id, name, namespace, uid, hostNetwork, hostPid, logDirectory, config: PodConfig.encode(config) };
  }

  /** Makes a container in a pod and does not start it. @returns its id */
  async create(pod: TestPod, options: PodContainerOptions = {}): Promise<string> {
    const { name = 'main', attempt = 0, image, args = [], security } = options;
    const config = {
      metadata: { name, attempt },
      image: { image: image ?? BOX_IMAGE },
      command: image === undefined ? ['/bin/sh', '-c', options.script ?? 'exec sleep 1000000'] : [],
      args,
      mounts: options.mounts ?? [],
      envs: Object.entries(options.env ?? {}).map(([key, value]) => ({ key, value })),
      labels: {
        'io.kubernetes.container.name': name,
        'io.kubernetes.pod.name': pod.name,
        'io.kubernetes.pod.namespace': pod.namespace,
        'io.kubernetes.pod.uid': pod.uid,
      },
      annotations: { 'io.kubernetes.container.restartCount': String(attempt), ...options.annotations },
      logPath: `${name}-${attempt}.log`,
      linux: { securityContext: securityContext(pod, security) },
    };
    const request = CreateContainerRequest.encode({ pod: pod.id, config, podConfig: PodConfig.decode(pod.config) });
    return Id.decode(await this.#call('CreateContainer', request)).id;
  }

  /** Makes a container in a pod and starts it. */
  async start(pod: TestPod, options: PodContainerOptions = {}): Promise<TestPodContainer> {
    const id = await this.create(pod, options);
    await this.#call('StartContainer', Id.encode({ id }));
    return { id, name: `${pod.namespace}/${pod.name}/${options.name ?? 'main'}`, pid: this.#pidOf(id) };
  }

  /** Runs a program in a container, as `kubectl exec` does. */
  async execute(id: string, ...command: string[]): Promise<Executed> {
    const request = ExecRequest.encode({ id, command, timeout: 120n });
    return ExecAnswer.decode(await this.#call('ExecSync', request));
  }

  /** What a container has written so far, in the order of its lines. */
  output(pod: TestPod, { name = 'main', attempt = 0 }: PodContainerOptions = {}): string {
    const lines = fs.readFileSync(`${pod.logDirectory}/${name}-${attempt}.log`, 'utf8').split('\n');
    // `TIME stdout F TEXT`, with P for a piece of a line, pkg/cri/io of containerd.
    return lines
      .map((line) => /^\S+ std(?:out|err) ([FP]) (.*)$/s.exec(line))
      .map((match) => (match === null ? '' : `${match[2]}${match[1] === 'F' ? '\n' : ''}`))
      .join('');
  }

  /** Stops a container at once; it is still known. */
  async stopContainer(id: string): Promise<void> {
    await this.#call('StopContainer', Id.encode({ id }));
  }

  async removeContainer(id: string): Promise<void> {
    await this.#call('RemoveContainer', Id.encode({ id }));
  }

  /** Stops a pod with its containers and removes it. */
  async remove(pod: TestPod): Promise<void> {
    await this.#call('StopPodSandbox', Id.encode({ id: pod.id }));
    await this.#call('RemovePodSandbox', Id.encode({ id: pod.id }));
  }

  /** Removes the cgroups of all pods; after the containerd was stopped. */
  async removeCgroups(): Promise<void> {
    const below = hierarchies()
      .map((hierarchy) => `${hierarchy}${this.#cgroup}`)
      .filter((folder) => fs.existsSync(folder))
      .flatMap((folder) => fs.readdirSync(folder, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${this.#cgroup}/${name}`);
    await removeCgroups(new Set([...below, this.#cgroup]));
  }

  /** The second column of `ctr tasks ls`. */
  #pidOf(id: string): number {
    const line = this.#containerd
      .ctr('k8s.io', 'tasks', 'ls')
      .split('\n')
      .find((each) => each.startsWith(id));
    return Number(line?.split(/\s+/)[1]);
  }

  async #call(method: string, request: Uint8Array): Promise<Uint8Array> {
    const connection = new GrpcConnection(this.#containerd.socket, { ...GRPC_LIMITS, deadlineMs: 120_000 });
    try {
      return await connection.call(`/runtime.v1.RuntimeService/${method}`, request);
    } finally {
      connection.close();
    }
  }
}

function namespacesOf({ hostNetwork, hostPid }: { hostNetwork: boolean; hostPid: boolean }) {
  return { network: hostNetwork ? NODE : 0, pid: hostPid ? NODE : 0 };
}

/** @param security undefined: as the runtime has it by default */
function securityContext(pod: TestPod, security: ContainerSecurity | undefined) {
  return {
    namespaces: namespacesOf(pod),
    capabilities: security && { add: security.add, drop: security.drop },
    seLinux: security && { type: security.seLinuxType },
    user: security && { value: security.user },
    readonlyRoot: security?.readonlyRoot ?? false,
    appArmor: security?.appArmor ?? '',
    noNewPrivileges: security?.noNewPrivileges ?? false,
    maskedPaths: security?.maskedPaths ?? [],
    readonlyPaths: security?.readonlyPaths ?? [],
    seccomp: security && { type: 0 },
  };
}
