import type { ContainerDetails, ContainerFacts } from '../../model/container/container.ts';
import { type Runtime, RuntimeError, type RuntimeListener } from '../runtime.ts';
import { type ContainerdContainer, containersMeant, KUBERNETES } from './container-facts.ts';
import type { ContainerdApi, ListedContainer } from './containerd-api.ts';
import type { ContainerdPlace } from './containerd-place.ts';

/**
 * containerd: the containers of `ctr`, of nerdctl and of Kubernetes.
 *
 * Its shims tell which containers run, their names and processes; its API adds labels and events, CRI the addresses of
 * pods. Where the API does not answer, what the shims tell is the answer.
 */
export class ContainerdRuntime implements Runtime {
  readonly name = 'containerd';
  /** Why the last list is that of the shims alone; undefined where the API answered. */
  shortfall: RuntimeError | undefined;
  readonly #place: ContainerdPlace;
  #api: Promise<ContainerdApi> | undefined;

  constructor(place: ContainerdPlace) {
    this.#place = place;
  }

  get endpoint(): string {
    return `unix://${this.#place.socket}`;
  }

  async list(): Promise<ContainerFacts[]> {
    return (await this.#list(this.#place.fromShims())).map(({ facts }) => facts);
  }

  async find(name: string): Promise<ContainerDetails[]> {
    const { preferred } = this.#place;
    const known = this.#place.fromShims();
    const meant = containersMeant(known.map(byDetails), name, preferred);
    // Names are in the bundles: where these cannot be read, only the API has them.
    const candidates =
      meant.length > 0 || known.every(({ isDescribed }) => isDescribed)
        ? meant.map(({ id }) => id)
        : containersMeant(await this.#list(known), name, preferred).map(({ id }) => id);
    const wanted = known.filter(({ details }) => candidates.includes(details.id));
    if (wanted.length > 0) return Promise.all(wanted.map((container) => this.#details(container)));
    // Of pods those that have stopped are known as well.
    const { isTrusted, isSet } = this.#place;
    const hasPods = isTrusted && (isSet || known.some(({ namespace }) => namespace === KUBERNETES));
    return hasPods ? (await this.#loaded()).findInPods(name) : [];
  }

  follow(listener: RuntimeListener): () => void {
    let end: () => void = () => {};
    let isOver = false;
    this.#loaded().then((api) => {
      if (!isOver) end = api.follow(listener);
    });
    return () => {
      isOver = true;
      end();
    };
  }

  async version(): Promise<string> {
    return (await this.#loaded()).version();
  }

  async #list(known: readonly ContainerdContainer[]): Promise<ListedContainer[]> {
    this.shortfall = undefined;
    const { isSet, isTrusted } = this.#place;
    if (known.length === 0 && !isSet) return [];
    const api = await this.#loaded();
    const used = new Set(known.map(({ namespace }) => namespace));
    const inPods = known.filter(({ namespace }) => namespace === KUBERNETES).map(({ details }) => details.id);
    const namespaces = isSet && used.size === 0 ? await api.namespaces() : [...used];
    const { listed, failed } = await api.list(namespaces, new Set(inPods));
    const believed = isTrusted ? listed : asReported(listed, known);
    for (const [namespace, error] of failed) {
      this.shortfall = error;
      believed.push(...known.filter((container) => container.namespace === namespace).map(byDetails));
    }
    return believed;
  }

  async #details({ namespace, details }: ContainerdContainer): Promise<ContainerDetails> {
    if (!this.#place.isTrusted) return details;
    try {
      const found = await (await this.#loaded()).details(namespace, details);
      // The PID that containerd tells is one of its own PID namespace; the shim's child is seen from here.
      return { ...details, ...found, running: true, ...(details.pid !== undefined && { pid: details.pid }) };
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      return details;
    }
  }

  #loaded(): Promise<ContainerdApi> {
    this.#api ??= import('./containerd-api.ts').then(({ ContainerdApi }) => new ContainerdApi(this.#place));
    return this.#api;
  }
}

/** Those of the shims' own containers, with the user whose word they are. */
function asReported(listed: readonly ListedContainer[], known: readonly ContainerdContainer[]): ListedContainer[] {
  const byId = new Map(known.map(({ details }) => [details.id, details]));
  return listed.flatMap(({ namespace, facts }) => {
    const own = byId.get(facts.id);
    if (own === undefined) return [];
    const { reportedBy } = own;
    return { namespace, facts: reportedBy === undefined ? facts : { ...facts, reportedBy } };
  });
}

function byDetails({ namespace, details }: ContainerdContainer): ListedContainer {
  return { namespace, facts: details };
}
