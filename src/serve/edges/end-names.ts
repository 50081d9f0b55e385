import { podName, podOf } from '../../model/container/pod.ts';
import type { Names } from '../../model/names.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import { privateNetworkOf } from '../../model/socket/private-network.ts';
import { isExternal } from '../kept/external-addresses.ts';

/** What everything outside of private networks is called. */
const INTERNET = 'internet';

/** Addresses of private networks that one port has as clients before they are only their networks. */
const FEW = 8;

/** Whether a name of {@link EndNames} stands for several addresses. */
export function isNetwork(name: string): boolean {
  return name === INTERNET || /^[\da-f.:]+\/\d+$/.test(name);
}

/** What ends of connections are called that are no rows. */
export class EndNames {
  readonly #names: Names;
  /** Of containers and pods that are watched: what the runtimes say of addresses is no evidence for these. */
  readonly #watched: ReadonlySet<string>;

  constructor(names: Names, namespaces: readonly WatchedNetns[]) {
    this.#names = names;
    this.#watched = new Set(
      namespaces.flatMap(({ containers }) =>
        containers.flatMap((container) => {
          const pod = podOf(container);
          return pod === undefined ? [container.name] : [container.name, podName(pod)];
        }),
      ),
    );
  }

  /** A host, a container that is not watched, a private address; `internet` for all others. */
  of(address: string): string {
    const name = this.#names.host(address);
    if (name !== undefined && !this.#watched.has(name)) return name;
    return isExternal(address) ? INTERNET : address;
  }

  /** As {@link of}, for clients of one port: many private addresses are their networks. @param addresses of all of them */
  ofClients(addresses: Iterable<string>): Map<string, string> {
    const names = new Map([...addresses].map((address) => [address, this.of(address)]));
    const bare = [...names].filter(([address, name]) => address === name);
    if (bare.length > FEW) for (const [address] of bare) names.set(address, privateNetworkOf(address));
    return names;
  }
}
