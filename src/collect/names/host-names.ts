import type { ContainerFacts } from '../../model/container/container.ts';
import type { Names } from '../../model/names.ts';
import { parseHosts } from '../../names/hosts.ts';
import { parsePasswd } from '../../names/passwd.ts';
import { serviceNames } from '../../names/services.ts';
import { readDefaultGateways } from '../../procfs/route.ts';
import type { Machine } from '../machine.ts';
import { readEtc } from './etc-files.ts';

/**
 * Names as `ls` and `ps` show them: an address is first a container's, then the gateway's or the
 * host's, then what `/etc/hosts` says. Each file is read when the first name is asked for.
 *
 * @param procNets `/proc/PID/net` folders of the namespaces that are looked at, for their gateways
 */
export function makeNames(machine: Machine, containers: readonly ContainerFacts[], procNets: readonly string[]): Names {
  let hosts: Map<string, string> | undefined;
  let services: ((port: number, proto: string) => string | undefined) | undefined;
  let users: Map<number, string> | undefined;
  return {
    host(address) {
      hosts ??= hostsByAddress(machine, containers, procNets);
      return hosts.get(address);
    },
    service(port, proto) {
      services ??= serviceNames(readEtc(machine, 'services'));
      return services(port, proto);
    },
    user(uid) {
      users ??= parsePasswd(readEtc(machine, 'passwd'));
      return users.get(uid);
    },
  };
}

/** The layers from the weakest to the strongest, so that the last to write wins. */
function hostsByAddress(
  machine: Machine,
  containers: readonly ContainerFacts[],
  procNets: readonly string[],
): Map<string, string> {
  const names = parseHosts(readEtc(machine, 'hosts'));
  for (const address of machine.hostAddresses()) if (!isLoopback(address)) names.set(address, 'host');
  for (const procNet of procNets) for (const gateway of readDefaultGateways(procNet)) names.set(gateway, 'gateway');
  for (const { gateways } of containers) for (const gateway of gateways) names.set(gateway, 'gateway');
  for (const { name, addresses } of containers) for (const { address } of addresses) names.set(address, name);
  return names;
}

/** A loopback address is every namespace's own, not the host's. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
