import type { ContainerDetails, ContainerFacts } from '../../model/container/container.ts';
import { RuntimeError, type RuntimeListener } from '../runtime.ts';
import { Silence } from '../silence.ts';
import { factsOf, KUBERNETES, uniqueId } from './container-facts.ts';
import { OF_CONTAINERD } from './containerd-events.ts';
import type { ContainerdPlace } from './containerd-place.ts';
import { CriRuntime } from './cri-runtime.ts';
import { followStreams } from './event-streams.ts';
import { asRuntimeError } from './failures.ts';
import { GRPC_LIMITS, GrpcConnection, type GrpcLimits } from './grpc.ts';
import { container, namespacesOf, runningContainers, versionOf } from './native-api.ts';
import type { NativeContainer } from './native-messages.ts';
import { readSpecificationBytes } from './specification.ts';

/** Name of the API, for messages. */
const API = "containerd's API";

/** What a containerd whose word is not taken may cost. */
const OF_OTHERS: GrpcLimits = { deadlineMs: 2000, messageBytes: 4 * 1024 * 1024, totalBytes: 16 * 1024 * 1024 };

/** A container as containerd's API or CRI lists it. */
export interface ListedContainer {
  namespace: string;
  facts: ContainerFacts;
}

/**
 * The two APIs of one containerd: its own, and CRI for Kubernetes' namespace. Loaded where a containerd with containers
 * is, and nowhere else.
 */
export class ContainerdApi {
  readonly #place: Pick<ContainerdPlace, 'socket' | 'node' | 'isTrusted'>;
  readonly #limits: GrpcLimits;
  readonly #silence = new Silence();
  readonly #cri: CriRuntime;

  constructor(place: Pick<ContainerdPlace, 'socket' | 'node' | 'isTrusted'>) {
    this.#place = place;
    this.#limits = place.isTrusted ? GRPC_LIMITS : OF_OTHERS;
    this.#cri = new CriRuntime('containerd', () => place.socket, this.#limits);
  }

  /** @throws {RuntimeError} */
  async version(): Promise<string> {
    return this.#ask(versionOf);
  }

  /** The namespaces of containerd without Docker's. @throws {RuntimeError} */
  async namespaces(): Promise<string[]> {
    return this.#ask(namespacesOf);
  }

  /**
   * The running containers of some namespaces, or why they could not be listed.
   *
   * @param expected ids of containers that run: where CRI does not list one, it is looked for with containerd's own API
   */
  async list(
    namespaces: readonly string[],
    expected: ReadonlySet<string>,
  ): Promise<{ listed: ListedContainer[]; failed: Map<string, RuntimeError> }> {
    const failed = new Map<string, RuntimeError>();
    const lists = namespaces.map(async (namespace) => {
      try {
        return await (namespace === KUBERNETES ? this.#kubernetes(expected) : this.#native(namespace));
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        failed.set(namespace, error);
        return [];
      }
    });
    return { listed: (await Promise.all(lists)).flat(), failed };
  }

  /**
   * What is known of a container that the shims have found.
   *
   * @returns undefined for one that was removed in the meantime
   * @throws {RuntimeError}
   */
  async details(namespace: string, known: ContainerDetails): Promise<Partial<ContainerDetails> | undefined> {
    const [inPod] = namespace === KUBERNETES ? await this.findInPods(known.id) : [];
    if (inPod !== undefined) return inPod;
    const id = known.id.slice(known.id.lastIndexOf('/') + 1);
    const found = await this.#ask((connection) => container(connection, namespace, id));
    return found && this.#facts(namespace, found);
  }

  /** The containers of pods with this name or id, running or not. Empty without CRI. @throws {RuntimeError} */
  async findInPods(name: string): Promise<ContainerDetails[]> {
    return unlessWithoutCri(this.#cri.find(name));
  }

  /** See `Runtime.follow`. */
  follow(listener: RuntimeListener): () => void {
    return followStreams([OF_CONTAINERD], () => this.#place.socket, this.#limits, {
      changed: () => {
        this.#silence.end();
        listener.changed();
      },
      lost: (error) => listener.lost(error === undefined ? undefined : this.#failure(error)),
      none: () => listener.none?.(),
    });
  }

  /** Pods, and what other programs run in the namespace, such as nerdctl. */
  async #kubernetes(expected: ReadonlySet<string>): Promise<ListedContainer[]> {
    const inPods = await unlessWithoutCri(this.#cri.list());
    const listed = inPods.map((facts) => ({ namespace: KUBERNETES, facts }));
    const ids = new Set(inPods.map(({ id }) => id));
    if ([...expected].every((id) => ids.has(id))) return listed;
    const others = await this.#native(KUBERNETES);
    return [...listed, ...others.filter(({ facts }) => !ids.has(facts.id))];
  }

  async #native(namespace: string): Promise<ListedContainer[]> {
    const running = await this.#ask((connection) => runningContainers(connection, namespace));
    return running.map((each) => ({ namespace, facts: this.#facts(namespace, each) }));
  }

  #facts(namespace: string, { id, labels, spec }: NativeContainer): ContainerFacts {
    const { annotations, hostNetwork } = readSpecificationBytes(spec?.value);
    return factsOf(uniqueId({ namespace, id }, this.#place.node), { ...annotations, ...labels }, hostNetwork);
  }

  async #ask<T>(question: (connection: GrpcConnection) => Promise<T>): Promise<T> {
    return this.#silence.unless(() => this.#askNow(question));
  }

  async #askNow<T>(question: (connection: GrpcConnection) => Promise<T>): Promise<T> {
    const connection = new GrpcConnection(this.#place.socket, this.#limits);
    try {
      return await question(connection);
    } catch (error) {
      throw this.#failure(error);
    } finally {
      connection.close();
    }
  }

  #failure(error: unknown): RuntimeError {
    const { deadlineMs } = this.#limits;
    return asRuntimeError(error, {
      runtime: 'containerd',
      endpoint: `unix://${this.#place.socket}`,
      deadlineMs,
      api: API,
    });
  }
}

/** containerd can be built, or configured, without CRI: then it has no pods. */
async function unlessWithoutCri<T>(answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RuntimeError && error.kind === 'absent') return [];
    throw error;
  }
}
