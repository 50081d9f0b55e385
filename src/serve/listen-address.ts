import net from 'node:net';
import { Failure } from '../model/failure.ts';

/** An address to listen on. */
export interface ListenAddress {
  /** As typed, without brackets. */
  address: string;
  port: number;
  /** Whether only this machine reaches it. */
  isLoopback: boolean;
  /** Whether it stands for every address of this machine. */
  isAny: boolean;
}

/**
 * Reads `ADDRESS:PORT`, `[::1]:PORT` or `:PORT`, which is every address.
 *
 * @param where for the message: `--listen`
 * @throws {Failure} `usage`
 */
export function parseListen(text: string, where: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const address = (match?.[1] ?? match?.[2] ?? '').toLowerCase();
  const port = Number(match?.[3]);
  const known = address === '' ? '::' : address;
  const isAddress = net.isIP(known) !== 0 || known === 'localhost';
  if (match === null || port > 65_535 || !isAddress)
    throw new Failure('usage', `${where}: "${text}" is no address and port; write 127.0.0.1:7077 or [::1]:7077`);
  return { address: known, port, isLoopback: isLoopback(known), isAny: known === '::' || known === '0.0.0.0' };
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || (net.isIPv4(address) && address.startsWith('127.'));
}
