import fs from 'node:fs';
import os from 'node:os';
import { type EngineAddress, elsewhere, type UnusableAddress } from './engine-address.ts';

/** What identifies this machine. */
export interface MachineNames {
  /** Textual addresses of its interfaces. */
  addresses(): readonly string[];
  /** Its own name. */
  hostname: string;
  /** The text of `/etc/hosts`, hosts(5); empty where there is none. */
  hosts(): string;
}

/** The machine that this process runs on. */
export const THIS_MACHINE: MachineNames = {
  addresses: () =>
    Object.values(os.networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)),
  get hostname() {
    return os.hostname();
  },
  hosts: () => {
    try {
      return fs.readFileSync('/etc/hosts', 'utf8');
    } catch {
      return '';
    }
  },
};

/**
 * Finds the address that a `tcp://` endpoint's host stands for, if it is one of this machine.
 *
 * Names are looked up in `/etc/hosts` only: a DNS lookup can hang, and this machine's name is rarely known to DNS
 * alone.
 */
export function locate(address: EngineAddress, machine: MachineNames): EngineAddress | UnusableAddress {
  if (address.kind === 'unix') return address;
  const { host } = address;
  const candidates = isTextualAddress(host) ? [host] : addressesOfName(host, machine);
  const own = new Set(machine.addresses().map(canonical));
  const connectTo = candidates.find((candidate) => isLoopback(canonical(candidate)) || own.has(canonical(candidate)));
  if (connectTo !== undefined) return { ...address, connectTo };
  if (candidates.length > 0) return elsewhere('is not an address of this machine');
  return elsewhere('is a host that /etc/hosts does not give an address of this machine');
}

function isTextualAddress(host: string): boolean {
  return host.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}

function addressesOfName(host: string, machine: MachineNames): string[] {
  const name = host.toLowerCase();
  if (name === 'localhost') return ['127.0.0.1'];
  const found: string[] = [];
  for (const line of machine.hosts().split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/);
    if (address !== undefined && names.includes(name)) found.push(address);
  }
  if (found.length === 0 && name === machine.hostname.toLowerCase()) found.push('127.0.0.1');
  return found;
}

/** One spelling for each address: RFC 5952 for IPv6, dotted quads for IPv4 and what is mapped from it. */
function canonical(address: string): string {
  if (!address.includes(':')) return address;
  // Text that is not an address is returned as it is, and equals no address.
  const text = URL.parse(`http://[${address.replace(/%.*/, '')}]`)?.hostname.slice(1, -1) ?? address;
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(text) ?? [];
  if (high === undefined || low === undefined) return text;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
}

/** Connecting to the unspecified address reaches this machine too. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === '0.0.0.0' || address === '::';
}
