import { formatEndpoint } from '../../base/endpoint-text.ts';
import { blockingExchange } from './blocking-exchange.ts';
import type { EngineAddress } from './engine-address.ts';
import type { ExchangeOptions } from './exchange-options.ts';
import type { HttpAnswer } from './http-response.ts';
import { streamExchange } from './stream-exchange.ts';

/**
 * Sends one GET over a connection of its own, and gives the answer whatever its status is.
 *
 * @param path what follows the host, percent-encoded
 * @throws {DeadlineError}
 * @throws {HttpError} for an answer that is no HTTP, is cut off, or is too long
 * @throws an error with an errno's name in `code` when connecting, reading or writing fails
 */
export async function exchange(address: EngineAddress, path: string, options: ExchangeOptions): Promise<HttpAnswer> {
  const request = Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: ${hostHeader(address)}\r\nUser-Agent: socklens\r\nConnection: close\r\n\r\n`,
    'latin1',
  );
  if (address.kind === 'unix' && options.connectUnix !== undefined) {
    const answer = blockingExchange(options.connectUnix, address.path, request, options);
    if (answer !== undefined) return answer;
  }
  return streamExchange(address, request, options);
}

/** An Engine on a UNIX socket does not care about the host, but HTTP wants one. */
export function hostHeader(address: EngineAddress): string {
  if (address.kind === 'unix') return 'localhost';
  return formatEndpoint(address.host, address.port);
}
