import type { ContainerDetails, ContainerFacts } from '../../model/container/container.ts';
import { POD_LABELS, type PodOfContainer, podName, podOf } from '../../model/container/pod.ts';
import { beginsWith, isMadeUp, shortIdOf } from '../../model/container/short-id.ts';

/** Label of containerd's CRI plugin: `sandbox` or `container`. */
const KIND = 'io.cri-containerd.kind';

/** Annotation of the CRI plugin: id of the pod's sandbox. */
const SANDBOX = 'io.kubernetes.cri.sandbox-id';

/** Annotations that the CRI plugin writes into specifications, with the label that says the same. */
const OF_CRI: Readonly<Record<string, string>> = {
  'io.kubernetes.cri.container-type': KIND,
  'io.kubernetes.cri.container-name': POD_LABELS.container,
  'io.kubernetes.cri.sandbox-name': POD_LABELS.name,
  'io.kubernetes.cri.sandbox-namespace': POD_LABELS.namespace,
  'io.kubernetes.cri.sandbox-uid': POD_LABELS.uid,
};

/** containerd's namespace for the containers of CRI. */
export const KUBERNETES = 'k8s.io';

/** Whether a namespace of containerd is that of Docker's Engine, which itself tells more about its containers. */
export function isDocker(namespace: string): boolean {
  return namespace === 'moby';
}

/** Who a container of containerd is. */
export interface ContainerdName {
  /** containerd's namespace: `default`, `k8s.io`. */
  namespace: string;
  id: string;
}

/**
 * The id of a container, unique on the machine. containerd's ids are unique in a namespace only: one that was made up
 * (64 hexadecimal digits) is taken as it is, another one, which `ctr` lets a person choose, with its namespace unless
 * that is `default`.
 *
 * @param node id of the container in which containerd itself runs, as in a node of kind
 */
export function uniqueId({ namespace, id }: ContainerdName, node?: string): string {
  if (isMadeUp(id)) return id;
  return [...(node === undefined ? [] : [node.slice(0, 12)]), ...(namespace === 'default' ? [] : [namespace]), id].join(
    '/',
  );
}

/**
 * What containerd's labels and a specification's annotations say of a container.
 *
 * @param id as of {@link uniqueId}
 * @param labels of containerd, and annotations, together
 */
export function factsOf(id: string, labels: Readonly<Record<string, string>>, hostNetwork: boolean): ContainerFacts {
  const known = { ...labels };
  for (const [annotation, label] of Object.entries(OF_CRI)) {
    const value = labels[annotation];
    if (value !== undefined) known[label] ??= value;
  }
  const pod = podOf({ labels: known });
  const isInfra = known[KIND] === 'sandbox';
  const sandbox = isInfra ? id : labels[SANDBOX];
  return {
    runtime: 'containerd',
    id,
    name: nameIn(pod) ?? labels['nerdctl/name'] ?? shortIdOf(id),
    labels: known,
    addresses: [],
    gateways: [],
    ...(hostNetwork && { networkMode: 'host' }),
    ...(pod !== undefined && { pod: { ...pod, ...(sandbox !== undefined && { id: sandbox }) } }),
    ...(isInfra && { isInfra }),
  };
}

/** `NAMESPACE/POD/CONTAINER`; undefined outside of pods, and for a sandbox. */
function nameIn(pod: PodOfContainer | undefined): string | undefined {
  return pod?.container === undefined ? undefined : `${podName(pod)}/${pod.container}`;
}

/** A container of containerd with the namespace that it is in. */
export interface ContainerdContainer {
  namespace: string;
  details: ContainerDetails;
  /** Whether its specification could be read, which has its name. */
  isDescribed: boolean;
}

/**
 * Those that a person means: by name, id or `NAMESPACE/ID` of containerd, else all whose id begins like this.
 *
 * @param preferred namespace that decides where several have a container of the same name, CONTAINERD_NAMESPACE
 */
export function containersMeant(
  containers: readonly { namespace: string; facts: ContainerFacts }[],
  name: string,
  preferred?: string,
): ContainerFacts[] {
  const exact = containers.filter(({ namespace, facts: { id, name: own } }) => {
    const short = id.slice(id.lastIndexOf('/') + 1);
    return [own, id, short, `${namespace}/${short}`, `${namespace}/${own}`].includes(name);
  });
  const ofPreferred = exact.filter(({ namespace }) => namespace === preferred);
  const meant = ofPreferred.length > 0 ? ofPreferred : exact;
  return (meant.length > 0 ? meant : containers.filter(({ facts }) => name !== '' && beginsWith(facts.id, name))).map(
    ({ facts }) => facts,
  );
}
