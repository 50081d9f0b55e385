/**
 * What a descriptor refers to.
 *
 * * `zombie`: TCP or UDP sockets that are in no table of the kernel, so that neither ss nor
 *   netstat shows them: never bound, or their connection is fully closed
 * * `otherSocket`: sockets other than TCP, UDP and UNIX, and sockets of unknown kind
 * * `file`: includes directories and named FIFOs
 * * `deleted`: files that were deleted
 * * `memory`: memfd_create(2)
 * * `other`: none of these: BPF maps, namespaces
 */
export const DESCRIPTOR_KINDS = [
  ...(['tcp', 'udp', 'unix', 'otherSocket', 'zombie'] as const),
  ...(['pipe', 'file', 'deleted', 'device', 'memory'] as const),
  ...(['eventpoll', 'eventfd', 'timerfd', 'signalfd', 'inotify', 'ioUring', 'pidfd', 'other'] as const),
] as const;

/** One of {@link DESCRIPTOR_KINDS}. */
export type DescriptorKind = (typeof DESCRIPTOR_KINDS)[number];

/** A kind of socket that is in a table of the kernel. */
export type SocketKind = 'tcp' | 'udp' | 'unix' | 'otherSocket';

/** Number of descriptors by kind; a kind without descriptors is absent. */
export type DescriptorCounts = Readonly<Partial<Record<DescriptorKind, number>>>;

/** A descriptor of a socket. */
export interface SocketDescriptor {
  fd: number;
  /** Inode in sockfs, unique on the host. */
  inode: number;
}

/** Sockets of a process that are in no table of the kernel, by the peer that they had. */
export interface DeadPeer {
  /** Its address; absent for sockets of which the kernel has none. */
  peer?: string;
  /** Its port; absent where that is not one of a service (the sockets were accepted), and after a failed connect(2). */
  port?: number;
  /** Number of sockets. */
  count: number;
  /** The lowest descriptor of one of them. */
  fd: number;
}

/** The descriptors of one process, by kind. */
export interface NamedDescriptors {
  /** Number of all descriptors. */
  total: number;
  byKind: DescriptorCounts;
  sockets: readonly SocketDescriptor[];
  /** Those of {@link sockets} that are in no table of the kernel, with the kernel's name of their protocol: `TCP`, `UDPv6`. */
  unshown: readonly (SocketDescriptor & { protocol: string })[];
}

/** Kinds by NAME in the link `anon_inode:[NAME]`. */
const ANONYMOUS: ReadonlyMap<string, PlainKind> = new Map([
  ['eventpoll', 'eventpoll'],
  ['eventfd', 'eventfd'],
  ['timerfd', 'timerfd'],
  ['signalfd', 'signalfd'],
  ['inotify', 'inotify'],
  ['io_uring', 'ioUring'],
  ['pidfd', 'pidfd'],
]);

/** A kind that the link in `/proc/PID/fd` determines. */
type PlainKind = Exclude<DescriptorKind, SocketKind | 'zombie'>;

/**
 * The kind of a descriptor by its link in `/proc/PID/fd`, proc_pid_fd(5).
 *
 * @returns `socket` for a socket, whose kind has to be looked up by its inode
 */
export function kindOfLink(link: string): PlainKind | 'socket' {
  if (link.startsWith('/')) return kindOfPath(link);
  if (link.startsWith('socket:[')) return 'socket';
  if (link.startsWith('pipe:[')) return 'pipe';
  // `anon_inode:[eventpoll]`, but `anon_inode:inotify`. Since Linux 6.9 pidfds have a file system of their own.
  const name = /^anon_inode:\[?([a-z_]+)\]?$/.exec(link)?.[1] ?? link.split(':', 1)[0] ?? '';
  return ANONYMOUS.get(name) ?? 'other';
}

const DELETED = ' (deleted)';

function kindOfPath(path: string): 'file' | 'deleted' | 'device' | 'memory' {
  if (path.startsWith('/memfd:')) return 'memory';
  // Regular files in shared memory, message queues and huge pages are below /dev too.
  if (path.startsWith('/dev/') && !/^\/dev\/(shm|mqueue|hugepages)\//.test(path)) return 'device';
  return path.endsWith(DELETED) ? 'deleted' : 'file';
}

/** Kinds of socket by the kernel's name of the protocol, except UNIX. */
const TABLED: ReadonlyMap<string, SocketKind> = new Map([
  ['TCP', 'tcp'],
  ['TCPv6', 'tcp'],
  ['MPTCP', 'tcp'],
  ['MPTCPv6', 'tcp'],
  ['UDP', 'udp'],
  ['UDPv6', 'udp'],
  ['UDP-Lite', 'udp'],
  ['UDPLITEv6', 'udp'],
]);

/** The kind of a socket by its protocol name, from `struct proto` of the kernel. `UNIX-STREAM` exists since Linux 5.15. */
export function kindOfProtocol(protocol: string): SocketKind {
  return TABLED.get(protocol) ?? (protocol.startsWith('UNIX') ? 'unix' : 'otherSocket');
}
