import fs from 'node:fs';
import { type FilterNames, hostsIn } from '../../filter/bind.ts';
import type { Filter } from '../../filter/syntax.ts';
import { readLinks } from '../../kernel/links.ts';
import { SystemCallError } from '../../kernel/system-calls.ts';
import type { ContainerFacts } from '../../model/container/container.ts';
import { EMBEDDED_DNS_ADDRESS, EMBEDDED_DNS_NAME } from '../../model/container/embedded-dns.ts';
import { Failure } from '../../model/failure.ts';
import { isLoopback } from '../../model/socket/loopback.ts';
import { forwardLookup } from '../../names/forward-dns.ts';
import { parseHostAddresses } from '../../names/hosts.ts';
import { uidOf } from '../../names/passwd.ts';
import { usesDns } from '../../names/reverse-dns.ts';
import { servicePorts } from '../../names/services.ts';
import { cgroupIdOfPath, cgroupRootFor } from '../../procfs/cgroup.ts';
import { addressesOf, containersOrPodsNamed } from '../containers/containers-named.ts';
import { defaultGateways } from '../dump/net-files.ts';
import type { Machine } from '../machine.ts';
import { TO_ENTER_NAMESPACE, whyDenied } from '../permissions.ts';
import { type NetnsHandle, openNetns } from '../target/netns-handle.ts';
import { readEtc } from './etc-files.ts';

/** Time limit for all DNS lookups of a filter together, milliseconds. */
const DNS_DEADLINE_MS = 2000;

/**
 * Resolves the names in a filter for one network namespace: names of containers and services first, then those
 * that `ls` shows (`host`, `gateway`, `docker-dns`), `/etc/hosts`, and DNS.
 */
export async function filterNames(
  machine: Machine,
  handle: NetnsHandle,
  filter: Filter,
  containers: readonly ContainerFacts[],
): Promise<FilterNames> {
  const wanted = filter.tree === undefined ? [] : hostsIn(filter.tree);
  const known = new Map<string, string[]>();
  const unknown: string[] = [];
  for (const { name, mayAskDns } of wanted) {
    const addresses = localAddresses(machine, handle, containers, name);
    if (addresses !== undefined) known.set(name, addresses);
    else if (mayAskDns) unknown.push(name);
  }
  if (unknown.length > 0 && usesDns(readEtc(machine, 'nsswitch.conf'))) {
    for (const [name, addresses] of await forwardLookup(unknown, DNS_DEADLINE_MS)) known.set(name, addresses);
  }
  return {
    addresses: (name) => known.get(name),
    ports: servicePorts(readEtc(machine, 'services')),
    device: (name) => interfaceIndex(machine, handle, name),
    cgroup: (path) => cgroupId(machine, path),
    uid: (user) => uidOf(readEtc(machine, 'passwd'), user),
    hasContainer: (name) => containersOrPodsNamed(containers, name).length > 0,
  };
}

function localAddresses(
  machine: Machine,
  handle: NetnsHandle,
  containers: readonly ContainerFacts[],
  name: string,
): string[] | undefined {
  const named = containersOrPodsNamed(containers, name);
  if (named.length > 0) return named.flatMap((facts) => addressesOf(containers, facts));
  if (name === 'host') return machine.hostAddresses().filter((address) => !isLoopback(address));
  const hosts = parseHostAddresses(readEtc(machine, 'hosts'));
  if (name === EMBEDDED_DNS_NAME) return [EMBEDDED_DNS_ADDRESS];
  if (name === 'gateway') return gateways(machine, handle, containers);
  return hosts.get(name) ?? (name === 'localhost' ? ['127.0.0.1', '::1'] : undefined);
}

function gateways(machine: Machine, handle: NetnsHandle, containers: readonly ContainerFacts[]): string[] {
  const own = defaultGateways(machine, handle);
  return [...new Set([...own, ...containers.flatMap((facts) => facts.gateways)])];
}

/** @throws {Failure} `not-permitted` when entering the namespace is not permitted */
function interfaceIndex(machine: Machine, handle: NetnsHandle, name: string): number | undefined {
  const netnsFd = handle.own ? undefined : openNetns(machine, handle);
  try {
    return readLinks(machine.systemCalls(), netnsFd).find((link) => link.name === name)?.index;
  } catch (error) {
    if (!(error instanceof SystemCallError) || error.code !== 'EPERM') throw error;
    throw new Failure(
      'not-permitted',
      `dev ${name}: ${error.syscall} is not permitted: ${whyDenied(machine, TO_ENTER_NAMESPACE)}; use the interface number instead`,
    );
  } finally {
    if (netnsFd !== undefined) fs.closeSync(netnsFd);
  }
}

/** @param path below the cgroup v2 mount, or absolute in the file system, as ss takes it */
function cgroupId(machine: Machine, path: string): bigint | undefined {
  const mount = cgroupRootFor(machine.cgroupRoot);
  const below = path.startsWith(`${mount}/`) ? path.slice(mount.length) : path.startsWith('/') ? path : `/${path}`;
  return cgroupIdOfPath(below, machine.cgroupRoot);
}
