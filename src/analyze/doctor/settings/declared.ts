import type { Endpoint } from '../rule.ts';

/**
 * An endpoint as a user writes it: `db:3306`, `10.0.0.1:5432`, `[::1]:80`.
 *
 * @returns undefined for text that is none
 */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s=]+)):(\d{1,5})$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || !(port >= 1 && port <= 65535) ? undefined : { host, port };
}

/**
 * An endpoint with a number, `db:3306=50`.
 *
 * @returns undefined for text that is none
 */
export function parseEndpointNumber(text: string): { endpoint: Endpoint; number: number } | undefined {
  const at = text.lastIndexOf('=');
  const endpoint = parseEndpoint(text.slice(0, at));
  const number = text.slice(at + 1).trim();
  return at < 0 || endpoint === undefined || !/^\d{1,9}$/.test(number)
    ? undefined
    : { endpoint, number: Number(number) };
}
