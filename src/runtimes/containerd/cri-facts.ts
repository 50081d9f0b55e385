import type {
  ContainerAddress,
  ContainerDetails,
  ContainerFacts,
  PublishedPort,
} from '../../model/container/container.ts';
import { POD_LABELS, type PodOfContainer } from '../../model/container/pod.ts';
import { CONTAINER_STATE, type CriContainer, type CriSandbox, type CriStatus } from './cri-messages.ts';
import { readVerboseStatus } from './specification.ts';

/** What a pod has on the network; it does not change while its sandbox is ready. */
export interface PodNetwork {
  /** Empty on the host's network. */
  addresses: readonly ContainerAddress[];
  isHost: boolean;
}

/** Name of the network in the addresses of a pod: CRI tells none. */
export const POD_NETWORK = 'pod';

/** Annotation of the kubelet: the ports that the pod declares, as JSON. */
const PORTS = 'io.kubernetes.container.ports';

/** The sandbox as a container of its own, so that its process is known. */
export function factsOfSandbox(runtime: string, sandbox: CriSandbox, network: PodNetwork): ContainerFacts {
  const pod = podOfSandbox(sandbox);
  return {
    ...common(runtime, sandbox.id, pod, network),
    name: `${pod.namespace}/${pod.name}`,
    labels: sandbox.labels,
    isInfra: true,
  };
}

/** A container with what its pod has: labels, addresses. @param sandbox undefined where it is not listed any more */
export function factsOfContainer(
  runtime: string,
  container: CriContainer,
  sandbox: CriSandbox | undefined,
  network: PodNetwork,
): ContainerFacts {
  const pod = podOfContainer(container, sandbox);
  return {
    ...common(runtime, container.id, pod, network),
    name: nameOf(container, sandbox),
    // Those of the pod say what the user gave it; those of the container only what it is called.
    labels: { ...sandbox?.labels, ...container.labels },
  };
}

/** Facts with what the container's status tells. */
export function detailsOf(facts: ContainerFacts, { status, info }: CriStatus): ContainerDetails {
  const { pid, command, limits, sysctls, pidsLimit, ociRuntime } = readVerboseStatus(info.info);
  const { state = CONTAINER_STATE.UNKNOWN, startedAt = 0n, finishedAt = 0n, image, annotations = {} } = status ?? {};
  const running = state === CONTAINER_STATE.RUNNING;
  return {
    ...facts,
    running,
    limits,
    command,
    sysctls,
    published: readPorts(annotations[PORTS]),
    ...(image !== undefined && image.image !== '' && { image: image.image }),
    ...(ociRuntime !== undefined && { ociRuntime }),
    ...(pidsLimit !== undefined && { pidsLimit }),
    ...(running && pid !== undefined && { pid }),
    ...(startedAt > 0n && { startedAt: isoTime(startedAt) }),
    ...(!running && finishedAt > 0n && { finishedAt: isoTime(finishedAt) }),
  };
}

/** `NAMESPACE/POD/CONTAINER` */
export function nameOf(container: CriContainer, sandbox: CriSandbox | undefined): string {
  const { namespace, name } = podOfContainer(container, sandbox);
  return `${namespace}/${name}/${container.metadata?.name ?? ''}`;
}

function common(
  runtime: string,
  id: string,
  pod: PodOfContainer,
  { addresses, isHost }: PodNetwork,
): Pick<ContainerFacts, 'runtime' | 'id' | 'addresses' | 'gateways' | 'networkMode' | 'pod'> {
  return { runtime, id, addresses, gateways: [], pod, ...(isHost && { networkMode: 'host' }) };
}

function podOfSandbox({ id, metadata }: CriSandbox): PodOfContainer & { namespace: string } {
  const { name = '', namespace = '', uid = '' } = metadata ?? {};
  return { id, name, namespace, ...(uid !== '' && { uid }) };
}

function podOfContainer(
  { sandboxId, metadata, labels }: CriContainer,
  sandbox: CriSandbox | undefined,
): PodOfContainer & { namespace: string } {
  const { name: container = '', attempt = 0 } = metadata ?? {};
  if (sandbox !== undefined) return { ...podOfSandbox(sandbox), container, attempt };
  const { [POD_LABELS.name]: name = '', [POD_LABELS.namespace]: namespace = '', [POD_LABELS.uid]: uid } = labels;
  return { id: sandboxId, name, namespace, ...(uid !== undefined && { uid }), container, attempt };
}

/** `[{"containerPort": 8080, "hostPort": 80, "protocol": "TCP"}]`; text that is anything else tells no port. */
function readPorts(text: string | undefined): PublishedPort[] {
  let ports: unknown;
  try {
    ports = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  if (!Array.isArray(ports)) return [];
  return ports.flatMap((port: unknown) => {
    const { containerPort, hostPort, protocol = 'TCP' } = (port ?? {}) as Record<string, unknown>;
    if (!Number.isInteger(containerPort) || typeof protocol !== 'string') return [];
    const published = Number.isInteger(hostPort) && hostPort !== 0 ? { hostPort: Number(hostPort) } : {};
    return [{ proto: protocol.toLowerCase(), containerPort: Number(containerPort), ...published }];
  });
}

function isoTime(nanoseconds: bigint): string {
  return new Date(Number(nanoseconds / 1_000_000n)).toISOString();
}
