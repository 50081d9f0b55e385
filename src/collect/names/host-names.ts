import type { ContainerFacts } from '../../model/container/container.ts';
import type { Names } from '../../model/names.ts';
import { parseHosts } from '../../names/hosts.ts';
import { parsePasswd } from '../../names/passwd.ts';
import { serviceNames } from '../../names/services.ts';
import { readDefaultGateways } from '../../procfs/route.ts';
import type { Machine } from '../machine.ts';
import { readEtc } from './etc-files.ts';

/**
 * Names as `ls` and `ps` show them. An address has the name of its container, else `gateway`, else `host`, else the
 * name in `/etc/hosts`. Each file is read on the first lookup that needs it.
 *
 * @param procNets `/proc/PID/net` folders of the shown network namespaces, for their gateways
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

/** From the lowest precedence to the highest: a later name replaces an earlier one. */
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

/** True for a textual loopback address: every network namespace has its own, so it does not identify the host. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
