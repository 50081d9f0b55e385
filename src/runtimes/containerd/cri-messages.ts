/**
 * What is read of the Container Runtime Interface, version 1: its methods, and the field numbers of their messages.
 * https://github.com/kubernetes/cri-api
 */
import { bool, int32, int64, list, message, nested, text, textMap, uint32 } from '../../protobuf/message.ts';

/** The path of a method. */
export function criMethod(name: string): string {
  return `/runtime.v1.RuntimeService/${name}`;
}

/** ContainerState. */
export const CONTAINER_STATE = { CREATED: 0, RUNNING: 1, EXITED: 2, UNKNOWN: 3 } as const;

/** NamespaceMode: the node's namespace instead of the pod's own. */
export const NODE = 2;

/** A state as a filter: 0 is PodSandboxState.SANDBOX_READY, and ContainerState.CONTAINER_CREATED. */
const StateValue = message({ state: int32(1) });

const SandboxMetadata = message({ name: text(1), uid: text(2), namespace: text(3), attempt: uint32(4) });
const ContainerMetadata = message({ name: text(1), attempt: uint32(2) });
const ImageSpec = message({ image: text(1) });

export const VersionRequest = message({ version: text(1) });
export const VersionResponse = message({ runtimeName: text(2), runtimeVersion: text(3) });

export const ListPodSandboxRequest = message({ filter: nested(1, message({ state: nested(2, StateValue) })) });
const PodSandbox = message({ id: text(1), metadata: nested(2, SandboxMetadata), state: int32(3), labels: textMap(5) });
export const ListPodSandboxResponse = message({ items: list(nested(1, PodSandbox)) });

export const ListContainersRequest = message({
  filter: nested(1, message({ state: nested(2, StateValue), labels: textMap(4) })),
});
const Container = message({
  id: text(1),
  sandboxId: text(2),
  metadata: nested(3, ContainerMetadata),
  state: int32(6),
  labels: textMap(8),
});
export const ListContainersResponse = message({ containers: list(nested(1, Container)) });

/** A container of a list. */
export type CriContainer = ReturnType<typeof Container.decode>;
/** A sandbox of a list. */
export type CriSandbox = ReturnType<typeof PodSandbox.decode>;

export const PodSandboxStatusRequest = message({ id: text(1), verbose: bool(2) });
const PodNetwork = message({ ip: text(1), additional: list(nested(2, message({ ip: text(1) }))) });
const PodLinux = message({
  namespaces: nested(1, message({ options: nested(2, message({ network: int32(1) })) })),
});
export const PodSandboxStatusResponse = message({
  status: nested(1, message({ network: nested(5, PodNetwork), linux: nested(6, PodLinux) })),
});

export const ContainerStatusRequest = message({ id: text(1), verbose: bool(2) });
const ContainerStatus = message({
  id: text(1),
  state: int32(3),
  /** Nanoseconds since 1970, as the others; 0 for never. */
  startedAt: int64(5),
  finishedAt: int64(6),
  image: nested(8, ImageSpec),
  annotations: textMap(13),
});
export const ContainerStatusResponse = message({ status: nested(1, ContainerStatus), info: textMap(2) });

/** The answer to ContainerStatus. */
export type CriStatus = ReturnType<typeof ContainerStatusResponse.decode>;
