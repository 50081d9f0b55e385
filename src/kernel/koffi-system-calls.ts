import { createRequire } from 'node:module';
import os from 'node:os';
import { SystemCallError, type SystemCalls } from './system-calls.ts';

type Koffi = typeof import('koffi');

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
  const koffi = loadKoffi();
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

/**
 * Loaded when first needed: a machine without a binary of it can still be looked at through /proc.
 *
 * The binary alone first, which its wrapper finds after 4 ms of looking at the machine; the wrapper
 * adds deprecated names to it and knows every other machine, musl's among them.
 */
function loadKoffi(): Koffi {
  const require = createRequire(import.meta.url);
  try {
    const binary = `@koromix/koffi-linux-${process.arch}/linux_${process.arch}/koffi.node`;
    return createRequire(require.resolve('koffi'))(binary) as Koffi;
  } catch {
    return require('koffi') as Koffi;
  }
}

function errnoName(errno: number): string {
  for (const [name, value] of Object.entries(os.constants.errno)) if (value === errno) return name;
  return `errno ${errno}`;
}
