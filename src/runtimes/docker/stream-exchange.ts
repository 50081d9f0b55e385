import type { Socket } from 'node:net';
import type { EngineAddress } from './engine-address.ts';
import { DeadlineError, type ExchangeOptions } from './exchange-options.ts';
import { type HttpAnswer, HttpResponseReader } from './http-response.ts';
import { connectTls } from './tls.ts';

/** See `exchange`; over Node's sockets. */
export function streamExchange(
  address: EngineAddress,
  request: Buffer,
  { deadlineMs, limits }: ExchangeOptions,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connectEngine(address);
    const reader = new HttpResponseReader(limits);
    const timer = setTimeout(() => fail(new DeadlineError()), deadlineMs);
    const fail = (error: unknown) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const finish = () => {
      try {
        resolve(reader.end());
        clearTimeout(timer);
        socket.destroy();
      } catch (error) {
        fail(error);
      }
    };
    socket.on('data', (piece: Buffer) => {
      try {
        if (reader.push(piece)) finish();
      } catch (error) {
        fail(error);
      }
    });
    socket.on('end', finish);
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the connection was closed')));
    socket.write(request);
  });
}

/**
 * A connection to an Engine. `node:net` and `node:tls` are loaded when they are needed: most commands
 * do without.
 *
 * @throws {TlsFileError}
 */
export function connectEngine(address: EngineAddress): Socket {
  if (address.kind === 'tcp' && address.tls !== undefined) return connectTls(address, address.tls);
  const net = process.getBuiltinModule('node:net');
  return address.kind === 'unix'
    ? net.connect({ path: address.path })
    : net.connect({ host: address.connectTo, port: address.port });
}
