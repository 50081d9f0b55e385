import type { ContainerFacts } from '../../model/container/container.ts';

/** Labels that name the service that a container is an instance of: Docker Compose's, ECS's. */
const SERVICE_LABELS = ['com.docker.compose.service', 'com.amazonaws.ecs.container-name'];

/** Running containers of a name, an id, or of a service of that name. */
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

/** Addresses of a container: those of the one whose network it shares, where it does. */
export function addressesOf<T extends Pick<ContainerFacts, 'id' | 'addresses' | 'networkMode'>>(
  containers: readonly T[],
  facts: T,
): string[] {
  const shared = /^container:(.+)$/.exec(facts.networkMode ?? '')?.[1];
  const owner = shared === undefined ? undefined : containers.find(({ id }) => id.startsWith(shared));
  return (owner ?? facts).addresses.map(({ address }) => address);
}
