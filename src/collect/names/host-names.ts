import type { ContainerFacts } from '../../model/container/container.ts';
import { EMBEDDED_DNS_ADDRESS, EMBEDDED_DNS_NAME } from '../../model/container/embedded-dns.ts';
import type { Names } from '../../model/names.ts';
import { parseHosts } from '../../names/hosts.ts';
import { parsePasswd } from '../../names/passwd.ts';
import { serviceNames } from '../../names/services.ts';
import { defaultGateways } from '../dump/net-files.ts';
import type { Machine } from '../machine.ts';
import type { NetnsHandle } from '../target/netns-handle.ts';
import { readEtc } from './etc-files.ts';

/**
 * Names as `ls` and `ps` show them. An address has the name of its container, else `gateway`, else `host`, else the
 * name in `/etc/hosts`; where Docker answers DNS inside its containers is `docker-dns`. Each file is read on the first lookup that needs it.
 *
 * @param handles the shown network namespaces whose default gateways get a name
 */
export function makeNames(
  machine: Machine,
  containers: readonly ContainerFacts[],
  handles: readonly NetnsHandle[],
): Names {
  let hosts: Map<string, string> | undefined;
  let services: ((port: number, proto: string) => string | undefined) | undefined;
  let users: Map<number, string> | undefined;
  return {
    host(address) {
      hosts ??= hostsByAddress(machine, containers, handles);
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
  handles: readonly NetnsHandle[],
): Map<string, string> {
  const names = parseHosts(readEtc(machine, 'hosts'));
  for (const address of machine.hostAddresses()) if (!isLoopback(address)) names.set(address, 'host');
  if (containers.some(({ runtime }) => runtime === 'docker')) names.set(EMBEDDED_DNS_ADDRESS, EMBEDDED_DNS_NAME);
  for (const handle of handles) for (const gateway of defaultGateways(machine, handle)) names.set(gateway, 'gateway');
  for (const { gateways } of containers) for (const gateway of gateways) names.set(gateway, 'gateway');
  for (const { name, addresses } of containers) for (const { address } of addresses) names.set(address, name);
  return names;
}

/** True for a textual loopback address: every network namespace has its own, so it does not identify the host. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
