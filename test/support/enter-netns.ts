import fs from 'node:fs';
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';

const CLONE_NEWNET = 0x40000000;

/**
 * Moves this thread into a network namespace, with the sockets and processes that it makes afterwards.
 *
 * @param file such as `/proc/PID/ns/net`
 */
export function enterNetns(file: string): void {
  const fd = fs.openSync(file, 'r');
  try {
    koffiSystemCalls().setns(fd, CLONE_NEWNET);
  } finally {
    fs.closeSync(fd);
  }
}
