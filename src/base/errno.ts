/**
 * Names of the errno values from 1 on, include/uapi/asm-generic/errno-base.h and errno.h: x86-64 and arm64 have
 * the same. `-` marks the two unused numbers.
 */
const NAMES = (
  'EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY ' +
  'EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK ' +
  'EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT ' +
  'EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR ENODATA ETIME ' +
  'ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ ' +
  'EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK ' +
  'EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT ' +
  'EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ' +
  'ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE ' +
  'EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED ' +
  'EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON '
).split(' ');

/** Name of an errno value, `EPERM` for 1; `errno N` for a number without a name. */
export function errnoName(errno: number): string {
  const name = NAMES[errno - 1];
  return name === undefined || name === '' || name === '-' ? `errno ${errno}` : name;
}

/** The errno value of a name; undefined for an unknown one. */
export function errnoOfName(name: string): number | undefined {
  const index = NAMES.indexOf(name);
  return index < 0 || name === '-' || name === '' ? undefined : index + 1;
}

/** Why a connection failed, by the name of the errno value, in words. */
const CONNECTION_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ETIMEDOUT: 'timed out',
  ECONNRESET: 'reset by peer',
  EPIPE: 'reset by peer',
  ECONNABORTED: 'aborted',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EHOSTDOWN: 'host down',
  ENOPROTOOPT: 'port unreachable',
  EACCES: 'prohibited by a firewall',
  EMSGSIZE: 'packet too large',
};

/** What an errno value says of a connection: `connection refused`; the name itself for others. */
export function connectionErrorText(name: string): string {
  return CONNECTION_ERRORS[name] ?? name;
}

/** Errors of a disk, a file system or an output, and of exhausted memory or descriptors: not those of the program. */
const IO_ERRORS = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EROFS', 'EREMOTEIO', 'ESTALE', 'ENOMEM', 'EMFILE', 'ENFILE'];

/** Whether an error came from a disk, an output or exhausted memory or descriptors, not from a fault of the program. */
export function isIoError(error: unknown): boolean {
  return IO_ERRORS.includes(errnoOf(error) ?? '');
}

/** Why a system call of Node failed: `no space left on device (ENOSPC)`. */
export function reasonOf(error: unknown): string {
  const code = errnoOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const words = code === undefined ? undefined : new RegExp(`^${code}: (.*?), `).exec(message)?.[1];
  if (words !== undefined) return `${words} (${code})`;
  return code ?? message;
}

/**
 * The errno name in the `code` of an error, as errors of Node and `SystemCallError` have it.
 *
 * @returns undefined for a value without such a `code`
 */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
