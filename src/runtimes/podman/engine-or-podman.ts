import type { ContainerDetails, ContainerFacts } from '../../model/container/container.ts';
import type { EngineRuntime } from '../docker/engine-runtime.ts';
import { reporterOf } from '../reporter.ts';
import type { Runtime, RuntimeListener } from '../runtime.ts';
import { type LibpodContainer, networkModeOf, readLibpodList } from './libpod-json.ts';

/** libpod demands a version in the path, and answers to any that it is not older than. */
const LIBPOD = '/v4.0.0/libpod';

/** PID, pod and network namespace of each container in one answer. */
const LIST = `${LIBPOD}/containers/json?namespace=true`;

/** Paused containers have sockets, too. */
const RUNNING = `${LIST}&filters=${encodeURIComponent(JSON.stringify({ status: ['running', 'paused'] }))}`;

/**
 * An address at which Docker or Podman answers: its first answer shows which, by the header Libpod-Api-Version.
 * Podman's own API, libpod, is asked in addition for what the Engine's does not have. The Engine's has the addresses,
 * which libpod's list lacks.
 */
export class EngineOrPodman implements Runtime {
  readonly endpoint: string;
  readonly #engine: EngineRuntime;
  readonly #socket: string | undefined;

  /** @param socket path of its UNIX socket; undefined for another address */
  constructor(engine: EngineRuntime, socket?: string) {
    this.#engine = engine;
    this.#socket = socket;
    this.endpoint = engine.endpoint;
  }

  get name(): string {
    return this.#engine.name;
  }

  async list(): Promise<ContainerFacts[]> {
    return this.#reported(() => this.#list());
  }

  async find(name: string): Promise<ContainerDetails[]> {
    return this.#reported(() => this.#find(name));
  }

  version(): Promise<string> {
    return this.#engine.version();
  }

  follow(listener: RuntimeListener): () => void {
    return this.#engine.follow(listener);
  }

  /** Adds whose word an answer is. */
  async #reported<T extends ContainerFacts>(ask: () => Promise<T[]>): Promise<T[]> {
    // Before it is connected to: a path that one user alone can change is always that user's.
    const reportedBy = this.#socket === undefined ? undefined : reporterOf(this.#socket);
    const containers = await ask();
    return reportedBy === undefined ? containers : containers.map((container) => ({ ...container, reportedBy }));
  }

  async #list(): Promise<ContainerFacts[]> {
    const listed = await this.#engine.list();
    if (this.name !== 'podman') return listed;
    const byId = new Map(listed.map((facts) => [facts.id, facts]));
    const known = await this.#engine.question(RUNNING, readLibpodList);
    return [...known.values()].map((container) => factsOf(container, byId.get(container.id), known));
  }

  async #find(name: string): Promise<ContainerDetails[]> {
    const found = await this.#engine.find(name);
    if (this.name !== 'podman' || found.length === 0) return found;
    const ids = found.map(({ id }) => id);
    const filters = encodeURIComponent(JSON.stringify({ id: ids }));
    const known = await this.#engine.question(`${LIST}&all=true&filters=${filters}`, readLibpodList);
    return found.map((details) => {
      const { pod, netns, isInfra = false } = known.get(details.id) ?? {};
      return {
        ...details,
        ...(details.running && netns !== undefined && { netns }),
        ...(pod !== undefined && { pod }),
        ...(isInfra && { isInfra }),
        ...(details.networkMode?.startsWith('container:') && { addresses: [], gateways: [] }),
      };
    });
  }
}

/** @param listed what the Engine's API lists of it; nothing for a paused container */
function factsOf(
  { id, name, labels, pid, startedAt, netns, pod, isInfra }: LibpodContainer,
  listed: ContainerFacts | undefined,
  all: ReadonlyMap<string, LibpodContainer>,
): ContainerFacts {
  const networkMode = networkModeOf(id, all);
  // Podman repeats the pod's addresses for each of its containers.
  const own = networkMode?.startsWith('container:') ? undefined : listed;
  return {
    runtime: 'podman',
    id,
    name,
    labels,
    addresses: own?.addresses ?? [],
    gateways: own?.gateways ?? [],
    ...(networkMode !== undefined && { networkMode }),
    ...(pid !== undefined && { pid }),
    ...(startedAt !== undefined && { startedAt }),
    ...(netns !== undefined && { netns }),
    ...(pod !== undefined && { pod }),
    ...(isInfra && { isInfra }),
  };
}
