import type { Names } from '../model/names.ts';
import type { StoredNetnsTick } from '../model/sample/recorded.ts';
import type { ClosedConnectionRecord } from '../model/socket/closed-connection.ts';
import type { SocketColumns } from '../model/socket/socket-columns.ts';
import type { Proto } from '../model/socket/socket-view.ts';
import { AllRows } from '../model/socket/stored-sockets.ts';
import type { NamesLine } from './lines.ts';

/** Tells the names of addresses and ports once, and again when they are others. */
export class NamesMet {
  readonly #hosts = new Map<string, string>();
  /** Addresses that were looked up since the names last changed. */
  readonly #asked = new Set<string>();
  readonly #ports = new Set<string>();
  #hostLines: Record<string, string> = {};
  #serviceLines: Record<string, string> = {};

  /** Names may be others now: containers came or went. */
  askAgain(): void {
    this.#asked.clear();
  }

  /** The line of what is new in a tick; undefined for nothing. */
  line(
    spaces: readonly StoredNetnsTick<SocketColumns>[],
    closed: readonly ClosedConnectionRecord[],
    names: Names,
  ): NamesLine | undefined {
    for (const { snapshot: look } of spaces) {
      if (look === undefined) continue;
      new AllRows(look.sockets).each(({ proto, local, peer, localPort, peerPort }) => {
        if (local !== undefined) this.#host(local.plain, names);
        if (peer !== undefined) this.#host(peer.plain, names);
        this.#service(localPort, proto, names);
        this.#service(peerPort, proto, names);
      });
    }
    // What lived between two looks is in none of them.
    for (const { peer } of closed) {
      const { name, address } = peer;
      if (name !== undefined) this.#tell(address.replace(/^::ffff:(?=.*\.)/, ''), name);
    }
    const hosts = this.#hostLines;
    const services = this.#serviceLines;
    this.#hostLines = {};
    this.#serviceLines = {};
    const any = Object.keys(hosts).length + Object.keys(services).length > 0;
    return any ? { type: 'names', hosts, services } : undefined;
  }

  #host(address: string, names: Names): void {
    if (this.#asked.has(address)) return;
    this.#asked.add(address);
    this.#tell(address, names.host(address) ?? '');
  }

  #tell(address: string, name: string): void {
    if ((this.#hosts.get(address) ?? '') === name) return;
    this.#hosts.set(address, name);
    this.#hostLines[address] = name;
  }

  #service(port: number, proto: Proto, names: Names): void {
    const key = `${port}/${proto}`;
    if (port === 0 || this.#ports.has(key)) return;
    this.#ports.add(key);
    const name = names.service(port, proto);
    if (name !== undefined) this.#serviceLines[key] = name;
  }
}
