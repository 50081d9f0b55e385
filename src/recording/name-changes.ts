import type { Names } from '../model/names.ts';
import type { StoredNetnsTick } from '../model/sample/recorded.ts';
import type { SocketColumns } from '../model/socket/socket-columns.ts';
import type { Proto } from '../model/socket/socket-view.ts';
import { AllRows } from '../model/socket/stored-sockets.ts';
import type { NamesLine } from './lines.ts';

/** Makes the lines with names of addresses and ports: each name once, and again when it changes. */
export class NameChanges {
  readonly #hosts = new Map<string, string>();
  /** Addresses that were looked up since {@link askAgain}. */
  readonly #asked = new Set<string>();
  readonly #ports = new Set<string>();
  #hostLines: Record<string, string> = {};
  #serviceLines: Record<string, string> = {};

  /** Looks all names up again at the next line: containers started or stopped. */
  askAgain(): void {
    this.#asked.clear();
  }

  /** The line for the new and changed names of a tick; undefined for none. @param peerNames of the ends of connections since the last one */
  line(
    namespaces: readonly StoredNetnsTick<SocketColumns>[],
    peerNames: ReadonlyMap<string, string>,
    names: Names,
  ): NamesLine | undefined {
    for (const { snapshot } of namespaces) {
      if (snapshot === undefined) continue;
      new AllRows(snapshot.sockets).each(({ proto, local, peer, localPort, peerPort }) => {
        if (local !== undefined) this.#host(local.plain, names);
        if (peer !== undefined) this.#host(peer.plain, names);
        this.#service(localPort, proto, names);
        this.#service(peerPort, proto, names);
      });
    }
    // A connection that was opened and closed between two snapshots is in neither of them.
    for (const [address, name] of peerNames) this.#setHost(address.replace(/^::ffff:(?=.*\.)/, ''), name);
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
    this.#setHost(address, names.host(address) ?? '');
  }

  #setHost(address: string, name: string): void {
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
