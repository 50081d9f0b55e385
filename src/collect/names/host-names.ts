import type { ContainerFacts } from '../../model/container/container.ts';
import { EMBEDDED_DNS_ADDRESS, EMBEDDED_DNS_NAME } from '../../model/container/embedded-dns.ts';
import { podName, podOf } from '../../model/container/pod.ts';
import type { Names } from '../../model/names.ts';
import { isLoopback } from '../../model/socket/loopback.ts';
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
  let loopback: Map<string, string> | undefined;
  let hosts: Map<string, string> | undefined;
  let services: ((port: number, proto: string) => string | undefined) | undefined;
  let users: Map<number, string> | undefined;
  return {
    host(address) {
      // Gateways of many namespaces are expensive to find, and none of them is a loopback address.
      if (isLoopback(address)) {
        loopback ??= hostsByAddress(machine, containers, []);
        return loopback.get(address);
      }
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
  for (const container of containers) {
    // The containers of a pod have its addresses together.
    const pod = podOf(container);
    const name = pod === undefined ? container.name : podName(pod);
    for (const { address } of container.addresses) names.set(address, name);
  }
  return names;
}
