import type { Names } from '../../../model/names.ts';
import { localAddress, mayNameService, peerAddress, plainAddress } from '../../../model/socket/endpoint.ts';
import type { Endpoint } from '../../../model/socket/socket-row.ts';
import type { Proto, SocketView } from '../../../model/socket/socket-view.ts';

/** An address and its name. */
interface Host {
  address: string;
  name: string | undefined;
}

/** Cached hosts; when full the cache is cleared, because a public server sees ever new clients. */
const MAX_HOSTS = 50_000;

/** Endpoints with their names, which are cached: tens of thousands of events a second have few addresses. */
export class EndpointNames {
  readonly #names: Names | undefined;
  /** Cached hosts, by the IPv4 address's word or the address's text. */
  readonly #hosts = new Map<number | string, Host>();
  readonly #services = new Map<number, string | undefined>();

  /** @param names undefined for plain numbers */
  constructor(names: Names | undefined) {
    this.#names = names;
  }

  local(view: SocketView): Endpoint {
    const key = view.family === 'inet' ? view.localWord(0) : localAddress(view);
    const host = this.#hosts.get(key) ?? this.#addHost(key, localAddress(view));
    return this.#endpoint(host, view.localPort, view.proto);
  }

  peer(view: SocketView): Endpoint {
    const key = view.family === 'inet' ? view.peerWord(0) : peerAddress(view);
    const host = this.#hosts.get(key) ?? this.#addHost(key, peerAddress(view));
    return this.#endpoint(host, view.peerPort, view.proto);
  }

  #addHost(key: number | string, address: string): Host {
    const host = { address, name: this.#names?.host(plainAddress(address)) };
    if (this.#hosts.size >= MAX_HOSTS) this.#hosts.clear();
    this.#hosts.set(key, host);
    return host;
  }

  #endpoint({ address, name }: Host, port: number, proto: Proto): Endpoint {
    const endpoint: Endpoint = { address, port };
    if (name !== undefined) endpoint.name = name;
    if (this.#names === undefined || !mayNameService(port)) return endpoint;
    const service = this.#serviceOf(this.#names, port, proto);
    if (service !== undefined) endpoint.service = service;
    return endpoint;
  }

  #serviceOf(names: Names, port: number, proto: Proto): string | undefined {
    const key = proto === 'udp' ? port + 0x10000 : port;
    if (!this.#services.has(key)) this.#services.set(key, names.service(port, proto));
    return this.#services.get(key);
  }
}
