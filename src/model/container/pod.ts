/** The pod that a container is in. Its texts are not safe for a terminal. */
export interface PodOfContainer {
  /** As its runtime has it; of Kubernetes the id of the pod's sandbox. */
  id: string;
  name: string;
  /** Namespace of Kubernetes; absent for a pod of Podman, which has none. */
  namespace?: string;
  /** Kubernetes' own id of the pod; absent for a pod of Podman. */
  uid?: string;
  /** Name of the container within the pod; absent where that is the container's own. */
  container?: string;
  /** How many times the container was started before, in this pod; absent where the runtime does not tell. */
  attempt?: number;
}

/** Labels of the kubelet on every container of a pod, pkg/kubelet/types/labels.go of Kubernetes. */
export const POD_LABELS = {
  name: 'io.kubernetes.pod.name',
  namespace: 'io.kubernetes.pod.namespace',
  uid: 'io.kubernetes.pod.uid',
  container: 'io.kubernetes.container.name',
} as const;

/** Set by the kubelet on containers of Docker: the id of the pod's sandbox. */
const SANDBOX_LABEL = 'io.kubernetes.sandbox.id';

interface InPod {
  pod?: PodOfContainer;
  labels: Readonly<Record<string, string>>;
}

/** The pod of a container, by its runtime or by the labels of the kubelet; undefined for a container of no pod. */
export function podOf({ pod, labels }: InPod): PodOfContainer | undefined {
  if (pod !== undefined) return pod;
  const name = labels[POD_LABELS.name];
  const namespace = labels[POD_LABELS.namespace];
  if (name === undefined || namespace === undefined) return undefined;
  const uid = labels[POD_LABELS.uid];
  const container = labels[POD_LABELS.container];
  return {
    id: labels[SANDBOX_LABEL] ?? uid ?? `${namespace}/${name}`,
    name,
    namespace,
    ...(uid !== undefined && { uid }),
    ...(container !== undefined && { container }),
  };
}

/** `NAMESPACE/POD`; the name alone for a pod without a namespace. After `pod:` it is a TARGET. */
export function podName({ namespace, name }: Pick<PodOfContainer, 'namespace' | 'name'>): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
