import fs from 'node:fs';
import { insideNetns } from '../../kernel/namespace.ts';
import { isGoneOrDenied, readProcText } from '../../procfs/read.ts';
import type { Machine } from '../machine.ts';
import { type NetnsHandle, openNetns } from '../target/netns-handle.ts';

/**
 * Settings of a network namespace by their sysctl(8) names, all of them `net.…`: `net.core.somaxconn`; one that cannot be read is left
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

/**
 * Every namespace that ever was has an entry of its own for `/proc/sys/net` in the kernel's cache of names, and all of
 * them are searched for each path: the folder is looked up once.
 */
function readAll(machine: Machine, names: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  const net = openFolder(`${machine.proc}/sys/net`);
  if (net === undefined) return values;
  try {
    for (const name of names) {
      const path = `/proc/thread-self/fd/${net}/${name.replace(/^net\./, '').replaceAll('.', '/')}`;
      const text = readProcText(path);
      if (text !== undefined) values[name] = text.trim();
    }
  } finally {
    fs.closeSync(net);
  }
  return values;
}

/** @returns undefined where it does not exist, or may not be opened */
function openFolder(path: string): number | undefined {
  try {
    return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
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
