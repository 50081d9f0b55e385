import { createRequire } from 'node:module';
import os from 'node:os';
import { SystemCallError, type SystemCalls } from './system-calls.ts';

let loaded: SystemCalls | undefined;

/**
 * The system calls through koffi and the C library that this process already has loaded.
 *
 * @throws when koffi has no binary for this machine or the C library lacks a function
 */
export function koffiSystemCalls(): SystemCalls {
  loaded ??= load();
  return loaded;
}

function load(): SystemCalls {
  // Loaded when first needed: a machine without a binary of it can still be looked at through /proc.
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const libc = koffi.load(null);
  const setns = libc.func('int setns(int, int)');
  const socket = libc.func('int socket(int, int, int)');
  const connect = libc.func('int connect(int, const uint8_t *, uint32_t)');
  const setsockopt = libc.func('int setsockopt(int, int, int, const uint8_t *, uint32_t)');

  /** errno is only meaningful, and only read, when the call says -1. */
  const checked = (name: string, result: number): number => {
    if (result !== -1) return result;
    const errno = koffi.errno();
    throw new SystemCallError(name, errno, errnoName(errno));
  };

  return {
    setns: (fd, nstype) => {
      checked('setns', setns(fd, nstype));
    },
    socket: (domain, type, protocol) => checked('socket', socket(domain, type, protocol)),
    connect: (fd, address) => {
      checked('connect', connect(fd, address, address.length));
    },
    setsockopt: (fd, level, name, value) => {
      checked('setsockopt', setsockopt(fd, level, name, value, value.length));
    },
  };
}

function errnoName(errno: number): string {
  for (const [name, value] of Object.entries(os.constants.errno)) if (value === errno) return name;
  return `errno ${errno}`;
}
