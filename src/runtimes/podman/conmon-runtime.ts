import type { ContainerDetails, ContainerFacts } from '../../model/container/container.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Podman or CRI-O without an API, which most machines with Podman lack: the running containers as their conmons and the
 * storage describe them, without labels and addresses. It has no events.
 */
export class ConmonRuntime implements Runtime {
  readonly name: string;
  readonly endpoint: string;
  readonly #containers: () => readonly ContainerDetails[];

  /**
   * @param name `podman` or `cri-o`
   * @param endpoint where the containers are, for messages
   * @param containers those that run now
   */
  constructor(name: string, endpoint: string, containers: () => readonly ContainerDetails[]) {
    this.name = name;
    this.endpoint = endpoint;
    this.#containers = containers;
  }

  async list(): Promise<ContainerFacts[]> {
    return [...this.#containers()];
  }

  async find(name: string): Promise<ContainerDetails[]> {
    const containers = this.#containers();
    const exact = containers.filter((container) => container.name === name || container.id === name);
    if (exact.length > 0 || !/^[0-9a-f]+$/.test(name)) return exact;
    return containers.filter(({ id }) => id.startsWith(name));
  }
}
