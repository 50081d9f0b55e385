/** A gRPC server on a UNIX socket that answers what a test says, right or wrong. Uses no code under test. */
import fs from 'node:fs';
import http2, { type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import os from 'node:os';
import path from 'node:path';

/** Answers a call. @param request the message without its prefix @param headers of the request */
export type Answer = (
  stream: ServerHttp2Stream,
  request: Buffer,
  headers: Readonly<Record<string, string | string[] | undefined>>,
) => void;

/** A running server. */
export interface GrpcServer {
  /** Path of its socket. */
  readonly socket: string;
  /** Paths of the methods that were called, in order. */
  readonly called: readonly string[];
  /** How many connections are open. */
  connections(): number;
  /** The sessions that are open, to break them. */
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  close(): Promise<void>;
}

/**
 * Starts one.
 *
 * @param answers by method, without the service: `Version`. Others are answered with UNIMPLEMENTED.
 * @param at path of the socket; default a new folder's
 */
export async function grpcServer(answers: Readonly<Record<string, Answer>>, at?: string): Promise<GrpcServer> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-grpc-'));
  const socket = at ?? `${folder}/grpc.sock`;
  const called: string[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server = http2.createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => {});
  });
  server.on('stream', (stream, headers) => {
    const pieces: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('end', () => {
      const method = String(headers[':path']);
      called.push(method);
      const answer = answers[method.slice(method.lastIndexOf('/') + 1)] ?? status(12, 'unknown method');
      answer(stream, Buffer.concat(pieces).subarray(5), headers);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(socket, resolve);
  });
  return {
    socket,
    called,
    sessions,
    connections: () => sessions.size,
    async close() {
      for (const session of sessions) session.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

const HEADERS = { ':status': 200, 'content-type': 'application/grpc' };

/** A message with its prefix. */
export function framed(message: Uint8Array, length = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

/** Answers with messages and status 0. */
export function messages(...all: Uint8Array[]): Answer {
  return (stream) => {
    stream.respond(HEADERS, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.concat(all.map((message) => framed(message))));
  };
}

/** Answers with a status other than 0. */
export function status(code: number, message: string): Answer {
  return (stream) => {
    stream.respond(
      { ...HEADERS, 'grpc-status': String(code), 'grpc-message': encodeURIComponent(message) },
      { endStream: true },
    );
  };
}

/** Answers with these bytes as they are, and with these trailers. */
export function bytes(content: Uint8Array, trailers: Record<string, string> = { 'grpc-status': '0' }): Answer {
  return (stream) => {
    stream.respond(HEADERS, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(Buffer.from(content));
  };
}
