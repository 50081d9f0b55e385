import fs from 'node:fs';
import { insideNetns } from '../kernel/namespace.ts';
import type { Machine } from './machine.ts';
import { openNetns, type Place } from './place.ts';

/** What the kernel begins with, net/ipv4/af_inet.c, inet_init_net. */
const DEFAULT_RANGE = { first: 32768, last: 60999 };

/**
 * The ports that the kernel chooses from in a namespace, both included: `net.ipv4.ip_local_port_range`,
 * which `/proc/sys` shows of the namespace of the thread that reads it.
 */
export function readLocalPortRange(machine: Machine, place: Place): { first: number; last: number } {
  const read = () => fs.readFileSync(`${machine.proc}/sys/net/ipv4/ip_local_port_range`, 'latin1');
  return parseRange(place.own ? read() : readInside(machine, place, read));
}

function readInside(machine: Machine, place: Place, read: () => string): string {
  const netnsFd = openNetns(machine, place);
  try {
    return insideNetns(machine.systemCalls(), netnsFd, read);
  } finally {
    fs.closeSync(netnsFd);
  }
}

function parseRange(text: string): { first: number; last: number } {
  const [first, last] = text.trim().split(/\s+/).map(Number);
  return first === undefined || last === undefined || !(first <= last) ? DEFAULT_RANGE : { first, last };
}
