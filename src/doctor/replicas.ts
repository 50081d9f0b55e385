import { type Service, serviceOf } from '../model/container/service.ts';
import type { Finding, FindingScope } from '../model/finding/finding.ts';
import type { WatchedContainer } from '../model/netns/netns.ts';
import type { Series } from '../model/sample/series.ts';

/** What containers are replicas of: a service, or an image and its command. */
type Replicated = Pick<Service, 'key' | 'name' | 'short'>;

/** The replicas of a service on this machine. */
export interface ReplicaSet extends Replicated {
  /** Names of the containers that were examined; at least one. */
  examined: readonly string[];
  /** How many run, whether they were examined or not. */
  running: number;
}

/** Containers of one image with one command are replicas where no label says so. */
function alikeOf({ declared }: WatchedContainer): Replicated | undefined {
  const { image, commandDigest } = declared ?? {};
  if (image === undefined || commandDigest === undefined) return undefined;
  return { key: `image ${image} ${commandDigest}`, name: `image ${image}`, short: image };
}

/** Which findings are about replicas of one service. */
export class Replicas {
  readonly #services = new Map<string, Replicated>();
  readonly #containers: ReadonlySet<string>;
  readonly #sets = new Map<string, ReplicaSet & { examined: string[] }>();

  constructor({ namespaces, containers }: Pick<Series, 'namespaces' | 'containers'>) {
    const examined = new Map<string, WatchedContainer>();
    for (const { namespace } of namespaces) {
      for (const container of namespace.containers) {
        if (namespace.scope === undefined || namespace.scope.includes(container.id))
          examined.set(container.id, container);
      }
    }
    this.#containers = new Set([...examined.values(), ...containers].map(({ name }) => name));
    for (const container of examined.values()) {
      const service = serviceOf(container) ?? alikeOf(container);
      if (service === undefined) continue;
      this.#services.set(container.name, service);
      const set = this.#sets.get(service.key);
      if (set === undefined) this.#sets.set(service.key, { ...service, examined: [container.name], running: 1 });
      else {
        set.examined.push(container.name);
        set.running++;
      }
    }
    for (const container of containers) {
      const set = examined.has(container.id) ? undefined : this.#sets.get(serviceOf(container)?.key ?? '');
      if (set !== undefined) set.running++;
    }
  }

  /** Whether a TARGET is the name of a container. */
  isContainer(target: string): boolean {
    return this.#containers.has(target);
  }

  /** The replicas that a finding's container is one of; undefined outside of containers, and for one without a service. */
  of({ container }: FindingScope): ReplicaSet | undefined {
    const service = container === undefined ? undefined : this.#services.get(container);
    return service === undefined ? undefined : this.#sets.get(service.key);
  }

  /**
   * The same for findings about replicas: the service; else the container; else the program, whose instances may have
   * a number at the end of their names; else the namespace.
   */
  readonly keyOf = ({ scope }: Pick<Finding, 'scope'>): string => {
    const set = this.of(scope);
    if (set !== undefined) return set.key;
    if (scope.container !== undefined) return `container ${scope.container}`;
    const program = programOf(scope);
    return program === undefined ? `${scope.kind} ${scope.target}` : `program ${program}`;
  };
}

/** The program of a process without its number: `webhook` of `netns:web-1 4242/webhook-1`; undefined for a scope that is no process. */
export function programOf({ name, pid }: FindingScope): string | undefined {
  const before = `${pid}/`;
  const at = pid === undefined ? -1 : name.indexOf(before);
  return at === -1 ? undefined : name.slice(at + before.length).replace(/[-_.:@]\d+$/, '');
}
