import { parseHosts } from '../../names/hosts.ts';
import { parsePasswd } from '../../names/passwd.ts';
import { reverseLookup, usesDns } from '../../names/reverse-dns.ts';
import { parseProtocols, parseServices } from '../../names/services.ts';
import type { Machine } from '../machine.ts';
import { readEtc } from './etc-files.ts';

/** Time limit for all reverse lookups of a round together, milliseconds. */
const DNS_DEADLINE_MS = 2000;

/**
 * Names as netstat resolves them: the host's own files, then reverse DNS. Each file is read on the first lookup
 * that needs it; results are cached for the next round of `-c`.
 */
export class NetstatNameSource {
  readonly #machine: Machine;
  readonly #hosts = new Map<string, string | undefined>();
  #services: Map<string, string> | undefined;
  #protocols: Map<number, string> | undefined;
  #users: Map<number, string> | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Resolves the addresses that were not resolved before, within {@link DNS_DEADLINE_MS}. */
  async findHosts(addresses: ReadonlySet<string>): Promise<void> {
    const wanted = [...addresses].filter((address) => !this.#hosts.has(address));
    if (wanted.length === 0) return;
    const file = parseHosts(readEtc(this.#machine, 'hosts'));
    for (const address of wanted) this.#hosts.set(address, file.get(address));
    if (!usesDns(readEtc(this.#machine, 'nsswitch.conf'))) return;
    const unknown = wanted.filter((address) => !file.has(address));
    for (const [address, name] of await reverseLookup(unknown, DNS_DEADLINE_MS)) this.#hosts.set(address, name);
  }

  /** Name of an address that was passed to {@link findHosts}; undefined when it has none. */
  host(address: string): string | undefined {
    return this.#hosts.get(address);
  }

  /** Name of a port, or for `raw` of a protocol number; undefined when it has none. */
  service(port: number, proto: 'tcp' | 'udp' | 'raw'): string | undefined {
    if (proto === 'raw') {
      this.#protocols ??= parseProtocols(readEtc(this.#machine, 'protocols'));
      return this.#protocols.get(port);
    }
    this.#services ??= parseServices(readEtc(this.#machine, 'services'), 'last');
    return this.#services.get(`${port}/${proto}`);
  }

  /** Name of a user; undefined when `/etc/passwd` has none. */
  user(uid: number): string | undefined {
    this.#users ??= parsePasswd(readEtc(this.#machine, 'passwd'));
    return this.#users.get(uid);
  }
}
