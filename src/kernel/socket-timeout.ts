import { HOST_LITTLE_ENDIAN } from '../base/byte-order.ts';
import { SO, SOL_SOCKET } from './socket-constants.ts';
import type { SystemCalls } from './system-calls.ts';

/**
 * Sets the timeout of a socket's blocking reads, which then fail with EAGAIN.
 *
 * @param ms milliseconds; at least one microsecond applies
 */
export function setReceiveTimeout(calls: SystemCalls, fd: number, ms: number): void {
  calls.setsockopt(fd, SOL_SOCKET, SO.RCVTIMEO, timeval(ms));
}

/**
 * Sets the timeout of a socket's blocking writes, and of connecting a UNIX socket (net/unix/af_unix.c), which then fail
 * with EAGAIN.
 *
 * @param ms milliseconds; at least one microsecond applies
 */
export function setSendTimeout(calls: SystemCalls, fd: number, ms: number): void {
  calls.setsockopt(fd, SOL_SOCKET, SO.SNDTIMEO, timeval(ms));
}

/** struct timeval: seconds, microseconds. All zero would mean no limit. */
function timeval(ms: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  const us = Math.max(1, Math.floor(ms * 1000));
  view.setBigInt64(0, BigInt(Math.floor(us / 1e6)), HOST_LITTLE_ENDIAN);
  view.setBigInt64(8, BigInt(us % 1e6), HOST_LITTLE_ENDIAN);
  return bytes;
}
