/**
 * The C library's socket calls, for making sockets in states that `node:net` cannot reach.
 * Used by recipe processes only; written apart from `src/`, so that a mistake there cannot hide here.
 */
import os from 'node:os';
import koffi from 'koffi';
import { SOCK } from './constants.ts';

const POLL = { IN: 1, OUT: 4 } as const;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const WAIT_MS = 10_000;

const libc = koffi.load(null);
const calls = {
  socket: libc.func('int socket(int, int, int)'),
  bind: libc.func('int bind(int, const uint8_t *, uint32_t)'),
  listen: libc.func('int listen(int, int)'),
  connect: libc.func('int connect(int, const uint8_t *, uint32_t)'),
  accept: libc.func('int accept4(int, void *, void *, int)'),
  shutdown: libc.func('int shutdown(int, int)'),
  close: libc.func('int close(int)'),
  send: libc.func('long send(int, const uint8_t *, unsigned long, int)'),
  recv: libc.func('long recv(int, _Out_ uint8_t *, unsigned long, int)'),
  setsockopt: libc.func('int setsockopt(int, int, int, const uint8_t *, uint32_t)'),
  getsockname: libc.func('int getsockname(int, _Out_ uint8_t *, _Inout_ uint32_t *)'),
  poll: libc.func('int poll(_Inout_ uint8_t *, unsigned long, int)'),
};

/** errno names that a caller may accept instead of success. */
export type Accepted = readonly string[];

function check(name: string, result: number, accepted: Accepted = []): number {
  if (result !== -1) return result;
  const errno = koffi.errno();
  const code = Object.entries(os.constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
  if (accepted.includes(code)) return -1;
  throw Object.assign(new Error(`${name}: ${code}`), { code });
}

/** Opens a socket. Non-blocking unless `blocking`. */
export function socket(family: number, type: number, protocol = 0, blocking = false): number {
  return check('socket', calls.socket(family, blocking ? type : type | SOCK.NONBLOCK, protocol));
}

/** `address` is a `struct sockaddr`, see `sockaddr.ts`. */
export function bind(fd: number, address: Uint8Array): void {
  check('bind', calls.bind(fd, address, address.length));
}

export function listen(fd: number, backlog: number): void {
  check('listen', calls.listen(fd, backlog));
}

/** Starts connect(2); with `wait` it returns when the connection is established. */
export function connect(fd: number, address: Uint8Array, wait = true): void {
  const result = check('connect', calls.connect(fd, address, address.length), ['EINPROGRESS']);
  if (wait && result === -1) poll(fd, POLL.OUT);
}

/** Waits for a connection and accepts it; the new socket is non-blocking. */
export function accept(fd: number): number {
  poll(fd, POLL.IN);
  return check('accept4', calls.accept(fd, null, null, SOCK.NONBLOCK));
}

export function shutdown(fd: number, how: number): void {
  check('shutdown', calls.shutdown(fd, how));
}

export function close(fd: number): void {
  check('close', calls.close(fd));
}

/** Sends what fits into the buffer. @returns the number of bytes; -1 when none fits */
export function send(fd: number, data: Uint8Array): number {
  return Number(check('send', Number(calls.send(fd, data, data.length, MSG_DONTWAIT | MSG_NOSIGNAL)), ['EAGAIN']));
}

/** Waits for data and reads at most `room` bytes; empty at the end of the stream. */
export function recv(fd: number, room: number): Uint8Array {
  poll(fd, POLL.IN);
  const bytes = new Uint8Array(room);
  return bytes.subarray(0, check('recv', Number(calls.recv(fd, bytes, room, MSG_DONTWAIT))));
}

/** An option whose value is an `int`, or several (`struct linger`). */
export function setsockopt(fd: number, level: number, name: number, ...values: number[]): void {
  const bytes = new Uint8Array(new Int32Array(values).buffer);
  check('setsockopt', calls.setsockopt(fd, level, name, bytes, bytes.length));
}

/** The bytes of the `struct sockaddr` that the kernel gives back. */
export function getsockname(fd: number): Uint8Array {
  const bytes = new Uint8Array(128);
  const length = [bytes.length];
  check('getsockname', calls.getsockname(fd, bytes, length));
  return bytes.subarray(0, length[0]);
}

function poll(fd: number, events: number): void {
  // struct pollfd: int fd, short events, short revents
  const bytes = new Uint8Array(8);
  new Int32Array(bytes.buffer)[0] = fd;
  new Int16Array(bytes.buffer)[2] = events;
  if (check('poll', calls.poll(bytes, 1, WAIT_MS)) === 0) throw new Error(`poll: nothing on ${fd} in ${WAIT_MS} ms`);
}
