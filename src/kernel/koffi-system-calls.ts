import os from 'node:os';
import { errnoName } from '../base/errno.ts';
import { loadKoffi } from './load-koffi.ts';
import { SystemCallError, type SystemCalls } from './system-calls.ts';

const MSG_DONTWAIT = 0x40;
/** The C library has no function for bpf(2). */
const BPF_NUMBERS: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };
/** openat2(2) is newer than the tables of numbers that differ, and has one on all machines. */
const OPENAT2_NUMBER = 437;
/** Bytes of struct open_how: flags, mode, resolve; include/uapi/linux/openat2.h. */
const OPEN_HOW_BYTES = 24;
/** include/uapi/linux/time.h. */
const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
/** Protection and flags of mmap(2). */
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
/** MAP_FAILED, as an address. */
const MAP_FAILED = 2n ** 64n - 1n;

let loaded: SystemCalls | undefined;

/**
 * The system calls through koffi and the C library that this process already has loaded. Koffi is loaded on first use:
 * where that fails, /proc is read instead.
 *
 * @throws {SystemCallsMissing} when koffi has no binary for this machine, or it cannot be loaded
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
  const openat2 = late('long syscall(long, int, const char *, const uint8_t *, size_t)');
  const clockGettime = late('int clock_gettime(int, _Out_ int64_t *)');
  const ioctl = late('int ioctl(int, unsigned long, _Inout_ uint8_t *)');
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

  const clockNs = (clock: number): bigint => {
    // struct timespec of a 64-bit machine: seconds, nanoseconds.
    const time = new BigInt64Array(2);
    checked('clock_gettime', clockGettime(clock, time));
    return (time[0] ?? 0n) * 1_000_000_000n + (time[1] ?? 0n);
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
    openat2: (folder, path, flags, resolve) => {
      const how = new BigUint64Array([BigInt(flags), 0n, BigInt(resolve)]);
      const bytes = new Uint8Array(how.buffer);
      return checked('openat2', openat2(OPENAT2_NUMBER, folder, path, bytes, OPEN_HOW_BYTES));
    },
    monotonicNs: () => clockNs(CLOCK_MONOTONIC),
    realtimeNs: () => clockNs(CLOCK_REALTIME),
    ioctl: (fd, request, argument) => checked('ioctl', ioctl(fd, request, argument ?? null)),
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
