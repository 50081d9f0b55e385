/** Who lives in a network namespace. */
export interface Residents<Container> {
  containers: readonly Container[];
  /** Whether it is the host's own: processes outside every container live there too. */
  host: boolean;
}

/** Whether several have their sockets in the namespace, so that each socket has to be given to one of them. */
export function isShared({ containers, host }: Residents<unknown>): boolean {
  return containers.length + (host ? 1 : 0) > 1;
}

/** The container that all sockets of the namespace belong to; undefined where it is shared or has no container. */
export function soleContainer<Container>({ containers, host }: Residents<Container>): Container | undefined {
  return containers.length === 1 && !host ? containers[0] : undefined;
}
