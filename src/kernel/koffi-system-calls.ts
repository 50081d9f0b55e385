import { createRequire } from 'node:module';
import os from 'node:os';
import { errnoName } from '../base/errno.ts';
import { SystemCallError, type SystemCalls } from './system-calls.ts';

const MSG_DONTWAIT = 0x40;
/** The C library has no function for bpf(2). */
const BPF_NUMBERS: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };
/** Protection and flags of mmap(2). */
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
/** MAP_FAILED, as an address. */
const MAP_FAILED = 2n ** 64n - 1n;

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
  // One-shot commands call none of these; each is declared on its first call.
  const late = (declaration: string, otherwise = declaration) => {
    let declared: ((...args: unknown[]) => number) | undefined;
    const declare = () => {
      try {
        return libc.func(declaration);
      } catch {
        return libc.func(otherwise);
      }
    };
    return (...args: unknown[]): number => {
      declared ??= declare() as (...args: unknown[]) => number;
      return declared(...args);
    };
  };
  const unshare = late('int unshare(int)');
  const bind = late('int bind(int, const uint8_t *, uint32_t)');
  const poll = late('int poll(_Inout_ uint8_t *, unsigned long, int)');
  const recvmmsg = late('int recvmmsg(int, _Inout_ uint8_t *, unsigned int, int, void *)');
  const memchr = late('uintptr_t memchr(const uint8_t *, int, size_t)');
  const readlinkat = late('long readlinkat(int, const char *, _Out_ uint8_t *, size_t)');
  const getxattr = late('long getxattr(const char *, const char *, _Out_ uint8_t *, size_t)');
  const getsockopt = late('int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint32_t *)');
  const syscall = late('long syscall(long, int, _Inout_ uint8_t *, unsigned int)');
  const getpagesize = late('int getpagesize()');
  // With 64-bit offsets on every machine that has eBPF.
  const mmap = late('void *mmap(void *, size_t, int, int, int, long)') as (...args: unknown[]) => unknown;
  const munmap = late('int munmap(void *, size_t)');
  // musl's prlimit has 64-bit limits, and newer versions lack the name prlimit64.
  const limitArguments = '(int, int, const uint8_t *, _Out_ uint8_t *)';
  const prlimit64 = late(`int prlimit64${limitArguments}`, `int prlimit${limitArguments}`);
  const setsockopt = libc.func('int setsockopt(int, int, int, const uint8_t *, uint32_t)');

  /** errno is meaningful, and read, only when the call returns -1. */
  const checked = (name: string, result: number): number => {
    if (result !== -1) return result;
    const errno = koffi.errno();
    throw new SystemCallError(name, errno, errnoName(errno));
  };

  return {
    setns: (fd, nstype) => {
      checked('setns', setns(fd, nstype));
    },
    unshare: (flags) => {
      checked('unshare', unshare(flags));
    },
    socket: (domain, type, protocol) => checked('socket', socket(domain, type, protocol)),
    connect: (fd, address) => {
      checked('connect', connect(fd, address, address.length));
    },
    bind: (fd, address) => {
      checked('bind', bind(fd, address, address.length));
    },
    poll: (descriptors, count, timeoutMs) => checked('poll', poll(descriptors, count, timeoutMs)),
    recvmmsg: (fd, headers, count) => {
      const result = recvmmsg(fd, headers, count, MSG_DONTWAIT, null);
      if (result === -1 && koffi.errno() === os.constants.errno.EAGAIN) return 0;
      return checked('recvmmsg', result);
    },
    // Of its first byte, which is certainly in it.
    addressOf: (buffer) => BigInt(memchr(buffer, buffer[0] ?? 0, 1)),
    setsockopt: (fd, level, name, value) => {
      checked('setsockopt', setsockopt(fd, level, name, value, value.length));
    },
    getsockopt: (fd, level, name, value) => {
      const length = [value.length];
      checked('getsockopt', getsockopt(fd, level, name, value, length));
      return length[0] ?? 0;
    },
    prlimit64: (pid, resource, wanted, before) => {
      checked('prlimit', prlimit64(pid, resource, wanted ?? null, before));
    },
    readlinkat: (folder, name, target) => checked('readlinkat', readlinkat(folder, name, target, target.length)),
    getxattr: (path, name, value) => checked('getxattr', getxattr(path, name, value, value.length)),
    bpf: (command, attributes) => {
      const number = BPF_NUMBERS[process.arch];
      if (number === undefined) throw new SystemCallError('bpf', os.constants.errno.ENOSYS, 'ENOSYS');
      return checked('bpf', syscall(number, command, attributes, attributes.length));
    },
    pageSize: () => getpagesize(),
    mapFile: (fd, offset, length, writable) => {
      const address = mmap(null, length, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, offset);
      if (koffi.address(address) === MAP_FAILED) checked('mmap', -1);
      return {
        bytes: koffi.view(address, length),
        unmap: () => {
          checked('munmap', munmap(address, length));
        },
      };
    },
  };
}

/**
 * Loads koffi on first use: where it has no binary for this machine, /proc is read instead.
 *
 * Its binary is tried before its wrapper, which takes 4 ms to choose a binary. The wrapper is needed where
 * that fails, on musl for example.
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
