import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { formatEndpoint } from '../../base/endpoint-text.ts';
import { errnoOf } from '../../base/errno.ts';
import { Failure } from '../../model/failure.ts';

/** Where to listen, and how. */
export interface ListenOptions {
  address: string;
  /** 0 for any that is free. */
  port: number;
  /** Certificate chain and private key, PEM; undefined for plain HTTP. */
  tls: { cert: string; key: string } | undefined;
  /** The option that names the address, for messages; default `--listen`. */
  option?: string;
}

/** A server that listens. */
export interface Listening {
  port: number;
  /** Takes no more connections, and ends those that are there. */
  close(): Promise<void>;
}

/** Bytes of the line and the headers of a request. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Milliseconds until the headers of a request, and all of it, are here. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** A connection without a request stays open for so long, milliseconds. */
const KEEP_ALIVE_MS = 30_000;
/** A connection on which nothing moves for so long is closed, milliseconds: a stream has a comment every 15 s. */
const IDLE_MS = 60_000;
const MOST_CONNECTIONS = 1024;

/**
 * Listens.
 *
 * @throws {Failure} `usage` for an address that cannot be listened on, or a certificate that cannot be used
 */
export async function listen(
  app: Hono,
  { address, port, tls, option = '--listen' }: ListenOptions,
): Promise<Listening> {
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: HEADERS_TIMEOUT_MS / 2,
  };
  let server: Server;
  try {
    server = createAdaptorServer({
      fetch: app.fetch,
      overrideGlobalObjects: false,
      ...(tls === undefined
        ? { serverOptions: limits }
        : { createServer: process.getBuiltinModule('node:https').createServer, serverOptions: { ...limits, ...tls } }),
    }) as Server;
  } catch (error) {
    throw new Failure('usage', `--tls-cert, --tls-key: ${(error as Error).message}`, { cause: error });
  }
  server.setTimeout(IDLE_MS);
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(address, port, option, error)));
    server.listen(port, address, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function cannotListen(address: string, port: number, option: string, error: unknown): Failure {
  const where = formatEndpoint(address, port);
  const why = errnoOf(error);
  const hint = why === 'EADDRINUSE' ? `; another program listens there: choose another with ${option}` : '';
  return new Failure('usage', `${option} ${where}: cannot listen (${why})${hint}`, { cause: error });
}
