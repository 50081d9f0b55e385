import type { ContainerFacts } from '../../model/container/container.ts';
import { podName, podOf } from '../../model/container/pod.ts';
import { isNamedService, serviceOf } from '../../model/container/service.ts';
import { shortIdOf } from '../../model/container/short-id.ts';

type Nameable = Pick<ContainerFacts, 'name' | 'runtimeName' | 'id' | 'labels'>;

/** The containers with this name, id or short id; where there are none, those of the services with this name. */
export function containersNamed<T extends Nameable>(containers: readonly T[], name: string): T[] {
  const exact = containersCalled(containers, name);
  return exact.length > 0 ? exact : containers.filter((facts) => isNamedService(serviceOf(facts), name));
}

/**
 * The containers with this name, id or short id. The name of their runtime is one, too; of an id with a namespace of
 * containerd before it, the id alone where nothing else has the name.
 */
export function containersCalled<T extends Nameable>(containers: readonly T[], name: string): T[] {
  const called = containers.filter(
    (facts) => facts.name === name || facts.runtimeName === name || facts.id === name || shortIdOf(facts.id) === name,
  );
  return called.length > 0 ? called : containers.filter(({ id }) => id.endsWith(`/${name}`));
}

/** As {@link containersNamed}; where there are none, those of the pods with this name, which addresses have as theirs. */
export function containersOrPodsNamed<T extends Nameable & Pick<ContainerFacts, 'pod'>>(
  containers: readonly T[],
  name: string,
): T[] {
  const named = containersNamed(containers, name);
  if (named.length > 0) return named;
  return containers.filter((container) => {
    const pod = podOf(container);
    return pod !== undefined && (podName(pod) === name || pod.name === name);
  });
}

/** Textual addresses of a container. One that shares another container's network has that one's. */
export function addressesOf<T extends Pick<ContainerFacts, 'id' | 'addresses' | 'networkMode'>>(
  containers: readonly T[],
  facts: T,
): string[] {
  const shared = /^container:(.+)$/.exec(facts.networkMode ?? '')?.[1];
  const owner = shared === undefined ? undefined : containers.find(({ id }) => id.startsWith(shared));
  return (owner ?? facts).addresses.map(({ address }) => address);
}
