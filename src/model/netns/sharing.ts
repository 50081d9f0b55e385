/** Whose processes are in a network namespace. */
export interface NetnsMembers<Container> {
  containers: readonly Container[];
  /** Whether it is the host's network namespace, which also has the processes outside every container. */
  host: boolean;
}

/** Whether several members have sockets in the network namespace, so that each socket needs an owner lookup. */
export function isShared({ containers, host }: NetnsMembers<unknown>): boolean {
  return containers.length + (host ? 1 : 0) > 1;
}

/** The container that all sockets of the network namespace belong to; undefined where it is shared or has no container. */
export function soleContainer<Container>({ containers, host }: NetnsMembers<Container>): Container | undefined {
  return containers.length === 1 && !host ? containers[0] : undefined;
}

/** Name of the row of the sockets that belong to none of the members of a shared network namespace. */
export function sharedName(members: readonly string[]): string {
  return `shared: ${members.join(' + ')}`;
}

/** The runtime of that row. */
export const NO_RUNTIME = '-';
