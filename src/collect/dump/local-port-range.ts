import type { Machine } from '../machine.ts';
import type { NetnsHandle } from '../target/netns-handle.ts';
import { readSysctls } from './sysctls.ts';

const NAME = 'net.ipv4.ip_local_port_range';

/** What the kernel begins with, net/ipv4/af_inet.c, inet_init_net. */
const DEFAULT_RANGE = { first: 32768, last: 60999 };

/** The ports that the kernel chooses from in a namespace, both included: `net.ipv4.ip_local_port_range`. */
export function readLocalPortRange(machine: Machine, handle: NetnsHandle): { first: number; last: number } {
  const [first, last] = (readSysctls(machine, handle, [NAME])[NAME] ?? '').split(/\s+/).map(Number);
  return first === undefined || last === undefined || !(first <= last) ? DEFAULT_RANGE : { first, last };
}
