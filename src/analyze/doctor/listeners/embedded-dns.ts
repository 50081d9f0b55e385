import type { SocketRecord } from '../../../model/socket-record.ts';

/** Where Docker answers DNS inside every container of a user-defined network. */
const EMBEDDED_DNS_ADDRESS = '127.0.0.11';

/**
 * Whether a socket is the container's side of Docker's embedded DNS server: one UDP and one TCP listener
 * that dockerd holds inside the namespace, and what they accepted. Nothing of it is the container's own.
 */
export function isEmbeddedDns({ local, process, proto }: SocketRecord): boolean {
  if (local?.plain !== EMBEDDED_DNS_ADDRESS || (proto !== 'tcp' && proto !== 'udp')) return false;
  return process === undefined || process.name === 'dockerd';
}
