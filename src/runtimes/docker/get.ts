import { blockingGet } from './blocking-get.ts';
import type { EngineAddress } from './engine-address.ts';
import type { ExchangeOptions, HttpAnswer } from './http.ts';
import { nodeGet } from './node-get.ts';

/**
 * Sends one GET over a connection of its own, and gives the answer whatever its status is.
 *
 * @param target path and query, percent-encoded
 * @throws {DeadlineError}
 * @throws {HttpError} for an answer that is not HTTP, is incomplete, or is too long
 * @throws {TlsFileError}
 * @throws an error with a `code` (an errno's name, or one of Node's for TLS) when connecting, reading or
 *   writing fails
 */
export async function get(address: EngineAddress, target: string, options: ExchangeOptions): Promise<HttpAnswer> {
  if (address.kind === 'unix' && options.connectUnix !== undefined) {
    const answer = blockingGet(options.connectUnix, address.path, target, options);
    if (answer !== undefined) return answer;
  }
  return nodeGet(address, target, options);
}
