import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { formatEndpoint } from '../../base/endpoint-text.ts';
import type { EngineAddress } from './engine-address.ts';
import { type HttpAnswer, HttpError, type HttpLimits } from './http.ts';
import { tlsOptions } from './tls.ts';

/**
 * A GET over Node's own HTTP client, on a connection of its own; not yet sent. `node:http` and `node:https`
 * are loaded on first use: most commands do not need them.
 *
 * @param target path and query, percent-encoded
 * @throws {TlsFileError}
 */
export function nodeRequest(address: EngineAddress, target: string, limits: HttpLimits): ClientRequest {
  const options: RequestOptions = {
    path: target,
    agent: false,
    maxHeaderSize: limits.header,
    headers: { Host: hostHeader(address), 'User-Agent': 'socklens' },
  };
  const http = process.getBuiltinModule('node:http');
  if (address.kind === 'unix') return http.request({ ...options, socketPath: address.path });
  const tcp = { ...options, host: address.connectTo, port: address.port };
  if (address.tls === undefined) return http.request(tcp);
  const https = process.getBuiltinModule('node:https');
  return https.request({ ...tcp, ...tlsOptions(address.host, address.tls) });
}

/**
 * Reads an answer to its end.
 *
 * @throws {HttpError} when it is cut off or too long
 */
export async function readAnswer(response: IncomingMessage, limits: HttpLimits): Promise<HttpAnswer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > limits.body) throw new HttpError(`its body is longer than ${limits.body} bytes`);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw asHttpError(error);
    throw new HttpError(`the connection ended after ${bytes} bytes of an unfinished body`, { cause: error });
  }
  const headers = new Map<string, string>();
  for (let at = 0; at + 1 < response.rawHeaders.length; at += 2) {
    headers.set((response.rawHeaders[at] ?? '').toLowerCase(), response.rawHeaders[at + 1] ?? '');
  }
  return { status: response.statusCode ?? 0, headers, body: Buffer.concat(pieces, bytes) };
}

/** What Node's HTTP client threw, as {@link HttpError} where the bytes were at fault and not the connection. */
export function asHttpError(error: unknown): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'HPE_INVALID_EOF_STATE' || (code === 'ECONNRESET' && message === 'socket hang up')) {
    return new HttpError('the connection ended before its header was complete', { cause: error });
  }
  if (code === 'HPE_HEADER_OVERFLOW') return new HttpError('its header is too long', { cause: error });
  if (code.startsWith('HPE_')) return new HttpError(`it is not HTTP/1: ${message}`, { cause: error });
  return error;
}

/** An Engine on a UNIX socket does not care about the host, but HTTP/1.1 demands one. */
function hostHeader(address: EngineAddress): string {
  if (address.kind === 'unix') return 'localhost';
  return formatEndpoint(address.host, address.port);
}
