import net from 'node:net';
import { grouped } from '../../base/lists.ts';
import type { ContainerDetails, ContainerFacts } from '../../model/container/container.ts';
import { POD_LABELS } from '../../model/container/pod.ts';
import type { Runtime, RuntimeError, RuntimeListener } from '../runtime.ts';
import { Silence } from '../silence.ts';
import { OF_CONTAINERD, OF_CRI } from './containerd-events.ts';
import { detailsOf, factsOfContainer, factsOfSandbox, nameOf, POD_NETWORK, type PodNetwork } from './cri-facts.ts';
import {
  CONTAINER_STATE,
  ContainerStatusRequest,
  ContainerStatusResponse,
  type CriContainer,
  type CriSandbox,
  criMethod,
  ListContainersRequest,
  ListContainersResponse,
  ListPodSandboxRequest,
  ListPodSandboxResponse,
  NODE,
  PodSandboxStatusRequest,
  PodSandboxStatusResponse,
  VersionRequest,
  VersionResponse,
} from './cri-messages.ts';
import { followStreams } from './event-streams.ts';
import { asRuntimeError } from './failures.ts';
import { GRPC_LIMITS, GRPC_STATUS, GrpcConnection, type GrpcLimits, GrpcStatusError } from './grpc.ts';

/** Name of the API, for messages. */
const API = "Kubernetes' Container Runtime Interface (CRI, version 1)";

/** A digit of an id is not looked for: too many would match. */
const ID_PREFIX = /^[0-9a-f]{4,64}$/;

/** No container has this many calls at once on one connection. */
const SIDE_BY_SIDE = 32;

/**
 * A runtime with Kubernetes' Container Runtime Interface: containerd, CRI-O.
 *
 * A container is listed as `NAMESPACE/POD/CONTAINER`, with the labels and addresses of its pod. A pod's sandbox is listed
 * too, as `isInfra`: its process is no container's. Of a container that was started again the run that lives counts.
 */
export class CriRuntime implements Runtime {
  readonly #path: () => string;
  readonly #limits: GrpcLimits;
  readonly #silence = new Silence();
  /** By sandbox, of those that the last list had. */
  #networks = new Map<string, PodNetwork>();
  #name: string;
  #isNamed = false;

  /** @param name what its address suggests: `containerd`, `cri-o` @param path of its socket; a function where it changes */
  constructor(name: string, path: string | (() => string), limits: GrpcLimits = GRPC_LIMITS) {
    this.#name = name;
    this.#path = typeof path === 'string' ? () => path : path;
    this.#limits = limits;
  }

  get endpoint(): string {
    return `unix://${this.#path()}`;
  }

  get name(): string {
    return this.#name;
  }

  async list(): Promise<ContainerFacts[]> {
    return this.#ask(async (connection) => {
      const [sandboxes, containers] = await Promise.all([
        this.#sandboxes(connection),
        listContainers(connection, { state: { state: CONTAINER_STATE.RUNNING } }),
        this.#learnName(connection),
      ]);
      const networks = await this.#networksOf(connection, sandboxes);
      const byId = new Map(sandboxes.map((sandbox) => [sandbox.id, sandbox]));
      const network = (id: string) => networks.get(id) ?? NO_NETWORK;
      return [
        ...sandboxes.map((sandbox) => factsOfSandbox(this.#name, sandbox, network(sandbox.id))),
        ...latest(containers, byId).map((container) =>
          factsOfContainer(this.#name, container, byId.get(container.sandboxId), network(container.sandboxId)),
        ),
      ];
    });
  }

  async find(name: string): Promise<ContainerDetails[]> {
    const wanted = name.startsWith('/') ? name.slice(1) : name;
    const parts = wanted.split('/');
    const labels = parts.length === 3 ? labelsOf(parts) : undefined;
    if (labels === undefined && !ID_PREFIX.test(wanted)) return [];
    return this.#ask(async (connection) => {
      const [sandboxes, containers] = await Promise.all([
        this.#sandboxes(connection),
        listContainers(connection, { labels: labels ?? {} }),
        this.#learnName(connection),
      ]);
      const byId = new Map(sandboxes.map((sandbox) => [sandbox.id, sandbox]));
      const found = containers.filter((container) =>
        labels === undefined
          ? container.id.startsWith(wanted)
          : nameOf(container, byId.get(container.sandboxId)) === wanted,
      );
      // Several runs have one name, and every id is that of one run.
      const meant = labels === undefined ? found : latest(found, byId);
      const pods = sandboxes.filter(({ id }) => meant.some(({ sandboxId }) => sandboxId === id));
      const networks = await this.#networksOf(connection, pods, false);
      const details = await inTurns(meant, (container) => this.#details(connection, container, byId, networks));
      return details.filter((each) => each !== undefined);
    });
  }

  async version(): Promise<string> {
    return this.#ask(async (connection) => (await versionOf(connection)).runtimeVersion);
  }

  follow(listener: RuntimeListener): () => void {
    return followStreams([OF_CONTAINERD, OF_CRI], this.#path, this.#limits, {
      changed: () => {
        this.#silence.end();
        listener.changed();
      },
      lost: (error) => listener.lost(error === undefined ? undefined : this.#failure(error)),
      none: () => listener.none?.(),
    });
  }

  async #sandboxes(connection: GrpcConnection): Promise<CriSandbox[]> {
    const request = ListPodSandboxRequest.encode({ filter: { state: { state: 0 } } });
    const { items } = ListPodSandboxResponse.decode(await connection.call(criMethod('ListPodSandbox'), request));
    return items;
  }

  /** @returns undefined for a container that was removed in the meantime */
  async #details(
    connection: GrpcConnection,
    container: CriContainer,
    sandboxes: ReadonlyMap<string, CriSandbox>,
    networks: ReadonlyMap<string, PodNetwork>,
  ): Promise<ContainerDetails | undefined> {
    const request = ContainerStatusRequest.encode({ id: container.id, verbose: true });
    const answer = await unlessGone(connection.call(criMethod('ContainerStatus'), request));
    if (answer === undefined) return undefined;
    const { sandboxId } = container;
    const network = networks.get(sandboxId) ?? NO_NETWORK;
    const facts = factsOfContainer(this.#name, container, sandboxes.get(sandboxId), network);
    return detailsOf(facts, ContainerStatusResponse.decode(answer));
  }

  /** What pods have on the network: asked once for each. @param all whether these are all pods, so that others are forgotten */
  async #networksOf(
    connection: GrpcConnection,
    sandboxes: readonly CriSandbox[],
    all = true,
  ): Promise<ReadonlyMap<string, PodNetwork>> {
    const known = this.#networks;
    const networks = new Map<string, PodNetwork>();
    await inTurns(sandboxes, async ({ id }) => {
      const network = known.get(id) ?? (await networkOf(connection, id));
      if (network !== undefined) networks.set(id, network);
    });
    if (all) this.#networks = networks;
    return networks;
  }

  /** Which program answers: any may listen on any path. */
  async #learnName(connection: GrpcConnection): Promise<void> {
    if (this.#isNamed) return;
    const { runtimeName } = await versionOf(connection);
    this.#name = RUNTIME_NAMES.get(runtimeName) ?? this.#name;
    this.#isNamed = true;
  }

  async #ask<T>(question: (connection: GrpcConnection) => Promise<T>): Promise<T> {
    return this.#silence.unless(() => this.#askNow(question));
  }

  async #askNow<T>(question: (connection: GrpcConnection) => Promise<T>): Promise<T> {
    const connection = new GrpcConnection(this.#path(), this.#limits);
    try {
      return await question(connection);
    } catch (error) {
      // Another program may answer there next time.
      this.#isNamed = false;
      throw this.#failure(error);
    } finally {
      connection.close();
    }
  }

  #failure(error: unknown): RuntimeError {
    const { deadlineMs } = this.#limits;
    return asRuntimeError(error, { runtime: this.#name, endpoint: this.endpoint, deadlineMs, api: API });
  }
}

/** What runtimes call themselves, by the names that `ps` shows. */
const RUNTIME_NAMES: ReadonlyMap<string, string> = new Map([
  ['containerd', 'containerd'],
  ['cri-o', 'cri-o'],
]);

async function versionOf(connection: GrpcConnection): Promise<{ runtimeName: string; runtimeVersion: string }> {
  return VersionResponse.decode(await connection.call(criMethod('Version'), VersionRequest.encode({ version: 'v1' })));
}

const NO_NETWORK: PodNetwork = { addresses: [], isHost: false };

async function listContainers(
  connection: GrpcConnection,
  filter: { state?: { state: number }; labels?: Readonly<Record<string, string>> },
): Promise<CriContainer[]> {
  const request = ListContainersRequest.encode({
    filter: { state: filter.state, labels: filter.labels ?? {} },
  });
  return ListContainersResponse.decode(await connection.call(criMethod('ListContainers'), request)).containers;
}

function labelsOf([namespace = '', pod = '', container = '']: readonly string[]): Record<string, string> {
  return { [POD_LABELS.namespace]: namespace, [POD_LABELS.name]: pod, [POD_LABELS.container]: container };
}

/** One container for each name: one that runs before one that does not, then the latest start. */
function latest(containers: readonly CriContainer[], sandboxes: ReadonlyMap<string, CriSandbox>): CriContainer[] {
  const runs = grouped(containers, (container) => nameOf(container, sandboxes.get(container.sandboxId)));
  return [...runs.values()].flatMap((all) => {
    const [first] = all.sort(
      (a, b) =>
        Number(b.state === CONTAINER_STATE.RUNNING) - Number(a.state === CONTAINER_STATE.RUNNING) ||
        (sandboxes.get(b.sandboxId)?.metadata?.attempt ?? 0) - (sandboxes.get(a.sandboxId)?.metadata?.attempt ?? 0) ||
        (b.metadata?.attempt ?? 0) - (a.metadata?.attempt ?? 0),
    );
    return first === undefined ? [] : [first];
  });
}

/** @returns undefined for a pod that was removed in the meantime */
async function networkOf(connection: GrpcConnection, id: string): Promise<PodNetwork | undefined> {
  const request = PodSandboxStatusRequest.encode({ id });
  const answer = await unlessGone(connection.call(criMethod('PodSandboxStatus'), request));
  if (answer === undefined) return undefined;
  const { status } = PodSandboxStatusResponse.decode(answer);
  const isHost = status?.linux?.namespaces?.options?.network === NODE;
  const { ip = '', additional = [] } = status?.network ?? {};
  // On the host's network CRI-O tells the host's address.
  const addresses = isHost
    ? []
    : [ip, ...additional.map((other) => other.ip)].filter((address) => net.isIP(address) > 0);
  return { isHost, addresses: addresses.map((address) => ({ network: POD_NETWORK, address })) };
}

async function unlessGone(answer: Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GrpcStatusError && error.status === GRPC_STATUS.NOT_FOUND) return undefined;
    throw error;
  }
}

/** Calls for each item, at most {@link SIDE_BY_SIDE} at once. @returns the results in the order of the items */
async function inTurns<T, R>(items: readonly T[], call: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await call(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, items.length) }, worker));
  return results;
}
