import type { ContainerFacts } from '../../model/container/container.ts';

/** Labels with the name of the service that a container belongs to: Docker Compose's, ECS's. */
const SERVICE_LABELS = ['com.docker.compose.service', 'com.amazonaws.ecs.container-name'];

/** The containers with this name, id or short id; where there are none, those of the service with this name. */
export function containersNamed<T extends Pick<ContainerFacts, 'name' | 'id' | 'labels'>>(
  containers: readonly T[],
  name: string,
): T[] {
  const exact = containers.filter(
    (facts) => facts.name === name || facts.id === name || facts.id.slice(0, 12) === name,
  );
  if (exact.length > 0) return exact;
  return containers.filter(({ labels }) => SERVICE_LABELS.some((label) => labels[label] === name));
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
