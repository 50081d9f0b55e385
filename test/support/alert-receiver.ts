import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a receiver got. */
export interface ReceivedRequest {
  path: string;
  headers: http.IncomingHttpHeaders;
  bytes: Buffer;
  /** The body as JSON; undefined for something else. */
  // biome-ignore lint/suspicious/noExplicitAny: each type of receiver has another body
  json: any;
  atMs: number;
}

/** A server that records what is posted to it. */
export interface AlertReceiver {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  received: ReceivedRequest[];
  /** How further requests are answered; by default with 200. */
  answer: (request: ReceivedRequest, response: http.ServerResponse) => void;
  close(): Promise<void>;
}

/** Starts a receiver on a free port of the loopback address. */
export async function alertReceiver(): Promise<AlertReceiver> {
  const receiver: AlertReceiver = {
    url: '',
    received: [],
    answer: (_, response) => response.end('ok'),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const server = http.createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const bytes = Buffer.concat(pieces);
    const got = {
      path: request.url ?? '',
      headers: request.headers,
      bytes,
      json: parsed(bytes),
      atMs: Date.now(),
    };
    receiver.received.push(got);
    receiver.answer(got, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return receiver;
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
