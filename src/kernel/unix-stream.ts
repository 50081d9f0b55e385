import fs from 'node:fs';
import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { AF, SO, SOCK, SOL_SOCKET } from './socket-constants.ts';
import { setReceiveTimeout, setSendTimeout } from './socket-timeout.ts';
import type { SystemCalls } from './system-calls.ts';

/** The longest path in struct sockaddr_un, unix(7), without its terminating zero. */
const MAX_PATH_BYTES = 107;

/**
 * A UNIX stream socket with blocking reads and writes. Errors carry the errno's name in `code`: `EAGAIN` for a timeout.
 */
export class UnixStream {
  readonly #calls: SystemCalls;
  readonly #fd: number;

  /** @param fd a connected socket; closed by {@link close} */
  constructor(calls: SystemCalls, fd: number) {
    this.#calls = calls;
    this.#fd = fd;
  }

  /** Reads at least one byte; returns 0 at the end of the stream. Blocks for `timeoutMs` at most, which is above 0. */
  read(into: Uint8Array, timeoutMs: number): number {
    setReceiveTimeout(this.#calls, this.#fd, timeoutMs);
    return fs.readSync(this.#fd, into);
  }

  /** Writes all bytes. Each write(2) blocks for `timeoutMs` at most, which is above 0. */
  write(bytes: Uint8Array, timeoutMs: number): void {
    setSendTimeout(this.#calls, this.#fd, timeoutMs);
    for (let at = 0; at < bytes.length; ) at += fs.writeSync(this.#fd, bytes, at);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

/**
 * Connects to a UNIX stream socket.
 *
 * @param path of the socket's file; longer than 107 bytes is `ENAMETOOLONG`
 * @throws {SystemCallError}, or an error of Node, with the errno's name in `code`
 */
export function connectUnixStream(calls: SystemCalls, path: string, timeoutMs: number): UnixStream {
  return new UnixStream(calls, connectUnixSocket(calls, path, timeoutMs));
}

/** Bytes of struct ucred, include/linux/socket.h: pid, uid, gid, four bytes each. */
const UCRED_BYTES = 12;

/**
 * The process that listens on a UNIX stream socket, as SO_PEERCRED of a new connection reports it, unix(7): the
 * process that called listen(2), which is systemd where it hands the socket to the service.
 *
 * @param path of the socket's file
 * @returns undefined for a process outside the caller's PID namespace
 * @throws as {@link connectUnixStream}
 */
export function unixListenerPid(calls: SystemCalls, path: string, timeoutMs: number): number | undefined {
  const fd = connectUnixSocket(calls, path, timeoutMs);
  try {
    // Outside V8's heap: system calls need memory that does not move.
    const credentials = Buffer.alloc(UCRED_BYTES);
    calls.getsockopt(fd, SOL_SOCKET, SO.PEERCRED, credentials);
    const pid = HOST_LITTLE_ENDIAN ? credentials.readInt32LE() : credentials.readInt32BE();
    return pid > 0 ? pid : undefined;
  } finally {
    fs.closeSync(fd);
  }
}

/** @returns a connected socket's descriptor, for the caller to close */
function connectUnixSocket(calls: SystemCalls, path: string, timeoutMs: number): number {
  const address = sockaddrUn(path);
  const fd = calls.socket(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0);
  try {
    setSendTimeout(calls, fd, timeoutMs);
    calls.connect(fd, address);
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

/** struct sockaddr_un: family in host order, path, terminating zero. */
function sockaddrUn(path: string): Buffer {
  const bytes = Buffer.from(path);
  if (bytes.length > MAX_PATH_BYTES) {
    throw Object.assign(new Error(`${path}: too long for a socket's path`), { code: 'ENAMETOOLONG' });
  }
  const address = Buffer.alloc(2 + bytes.length + 1);
  if (HOST_LITTLE_ENDIAN) address.writeUInt16LE(AF.UNIX);
  else address.writeUInt16BE(AF.UNIX);
  bytes.copy(address, 2);
  return address;
}
