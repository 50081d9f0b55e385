import { Failure } from '../model/failure.ts';

/**
 * The few system calls that Node does not offer. Each returns what the kernel returned, or throws a
 * {@link SystemCallError}. A port, so that tests and other foreign-function libraries can implement it.
 */
export interface SystemCalls {
  /** setns(2): moves the calling thread into the namespace that `fd` refers to. */
  setns(fd: number, nstype: number): void;
  /** unshare(2): gives the calling thread new namespaces of its own. */
  unshare(flags: number): void;
  /** socket(2). */
  socket(domain: number, type: number, protocol: number): number;
  /** connect(2) to an address of raw bytes. */
  connect(fd: number, address: Uint8Array): void;
  /** bind(2) to an address of raw bytes. */
  bind(fd: number, address: Uint8Array): void;
  /** poll(2) over `count` structures of 8 bytes: fd i32, events i16, revents i16. @returns how many are ready */
  poll(descriptors: Uint8Array, count: number, timeoutMs: number): number;
  /**
   * recvmmsg(2) into `count` structures of 64 bytes, without waiting.
   *
   * @returns how many messages there were
   */
  recvmmsg(fd: number, headers: Uint8Array, count: number): number;
  /** Address of a buffer. V8 must not move it: over 64 bytes, and referenced as long as the address is used. */
  addressOf(buffer: Uint8Array): bigint;
  /** setsockopt(2) with an option value of raw bytes. */
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): void;
  /** getsockopt(2): writes the option's value, raw bytes, into `value`. @returns how many bytes were written */
  getsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /**
   * prlimit64(2) with two structures of 16 bytes: soft and hard limit, 64 bits each, all ones for unlimited.
   *
   * @param wanted undefined only reads
   * @param before receives the previous limit
   */
  prlimit64(pid: number, resource: number, wanted: Uint8Array | undefined, before: Uint8Array): void;
  /** readlinkat(2) of a name in an open folder. @returns how many bytes of `target` were written */
  readlinkat(folder: number, name: string, target: Uint8Array): number;
  /** getxattr(2), which follows links. @returns how many bytes of `value` were written */
  getxattr(path: string, name: string, value: Uint8Array): number;
  /**
   * openat2(2) of an existing file, Linux 5.6.
   *
   * @param flags as of open(2)
   * @param resolve how the path is resolved, `RESOLVE_IN_ROOT` and others
   * @returns a descriptor
   */
  openat2(folder: number, path: string, flags: number, resolve: number): number;
  /** bpf(2) with a union bpf_attr. @returns its result, a descriptor for many commands */
  bpf(command: number, attributes: Uint8Array): number;
  /** CLOCK_MONOTONIC of clock_gettime(2), nanoseconds: since boot, without the time of a suspended machine. */
  monotonicNs(): bigint;
  /** CLOCK_REALTIME of clock_gettime(2), nanoseconds since the epoch. */
  realtimeNs(): bigint;
  /**
   * ioctl(2) with an argument of raw bytes, which the kernel may write; undefined for a request without one.
   *
   * @returns its result, a descriptor for some requests
   */
  ioctl(fd: number, request: number, argument: Uint8Array | undefined): number;
  /** Bytes of a page of memory, getpagesize(2). */
  pageSize(): number;
  /**
   * mmap(2) of a file, shared, as long as `unmap` is not called. No copy: others change these bytes.
   *
   * @param offset in the file, a multiple of the page size, bytes
   * @param writable false maps for reading only; a write to it ends the process
   */
  mapFile(fd: number, offset: number, length: number, writable: boolean): MappedFile;
}

/** Memory that is mapped to a file. */
export interface MappedFile {
  bytes: ArrayBuffer;
  /** munmap(2). `bytes` must not be used any more, an access ends the process. */
  unmap(): void;
}

/** No system call can be made in this process, with the reason: the foreign-function library was not loaded. */
export class SystemCallsMissing extends Failure {
  constructor(reason: string, cause: unknown) {
    super('unsupported', `system calls are not available: ${reason}`, { cause });
  }
}

/** A system call that returned -1. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  /** Name of the call: `setns`. */
  readonly syscall: string;
  /** errno name where it is a known one: `EPERM`; otherwise `errno N`. */
  readonly code: string;
  /** Positive errno. */
  readonly errno: number;

  constructor(syscall: string, errno: number, code: string, options?: { cause?: unknown }) {
    super(`${syscall}: ${code}`, options);
    this.syscall = syscall;
    this.errno = errno;
    this.code = code;
  }
}
