import fs from 'node:fs';
import { insideNetns } from '../../kernel/namespace.ts';
import { isGoneOrDenied } from '../../procfs/read.ts';
import type { Machine } from '../machine.ts';
import { type NetnsHandle, openNetns } from '../target/netns-handle.ts';

/**
 * Settings of a network namespace by their sysctl(8) names, `net.core.somaxconn`; one that cannot be read is left
 * out. Enters the namespace: `/proc/sys/net` has the settings of the namespace of the reading thread.
 *
 * @throws {Failure} `no-target` when the namespace no longer exists
 * @throws {SystemCallError} EPERM when entering it is not permitted
 */
export function readSysctls(machine: Machine, handle: NetnsHandle, names: readonly string[]): Record<string, string> {
  const read = () => readAll(machine, names);
  if (handle.own) return read();
  const netnsFd = openNetns(machine, handle);
  try {
    return insideNetns(machine.systemCalls(), netnsFd, read);
  } finally {
    fs.closeSync(netnsFd);
  }
}

function readAll(machine: Machine, names: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of names) {
    try {
      values[name] = fs.readFileSync(`${machine.proc}/sys/${name.replaceAll('.', '/')}`, 'latin1').trim();
    } catch (error) {
      if (!isGoneOrDenied(error)) throw error;
    }
  }
  return values;
}

const NAME = 'net.ipv4.ip_local_port_range';

/** The kernel's default, net/ipv4/af_inet.c, inet_init_net. */
const DEFAULT_RANGE = { first: 32768, last: 60999 };

/**
 * The ports that the kernel assigns in a network namespace, both ends included: `net.ipv4.ip_local_port_range`; the
 * kernel's default where it cannot be read.
 *
 * @throws as {@link readSysctls}
 */
export function readLocalPortRange(machine: Machine, handle: NetnsHandle): { first: number; last: number } {
  const [first, last] = (readSysctls(machine, handle, [NAME])[NAME] ?? '').split(/\s+/).map(Number);
  return first === undefined || last === undefined || !(first <= last) ? DEFAULT_RANGE : { first, last };
}
