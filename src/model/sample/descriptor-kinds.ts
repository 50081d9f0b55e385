/**
 * What a descriptor refers to.
 *
 * * `zombie`: TCP or UDP sockets that stand in no table of the kernel, so that neither ss nor
 *   netstat shows them: never bound, or their connection is completely over
 * * `otherSocket`: of families beside TCP, UDP and UNIX, and sockets that could not be named
 * * `file`: directories and FIFOs with a name among them
 * * `deleted`: files that have no name any more
 * * `memory`: memfd_create(2)
 * * `other`: what none of these is: BPF maps, namespaces
 */
export const DESCRIPTOR_KINDS = [
  ...(['tcp', 'udp', 'unix', 'otherSocket', 'zombie'] as const),
  ...(['pipe', 'file', 'deleted', 'device', 'memory'] as const),
  ...(['eventpoll', 'eventfd', 'timerfd', 'signalfd', 'inotify', 'ioUring', 'pidfd', 'other'] as const),
] as const;

export type DescriptorKind = (typeof DESCRIPTOR_KINDS)[number];

/** A kind of socket that some table of the kernel shows. */
export type SocketKind = 'tcp' | 'udp' | 'unix' | 'otherSocket';

/** How many descriptors of each kind; a kind without any is left out. */
export type DescriptorCounts = Readonly<Partial<Record<DescriptorKind, number>>>;

/** A descriptor that is a socket. */
export interface SocketDescriptor {
  fd: number;
  /** In sockfs, unique on the host. */
  inode: number;
}

/** Descriptors of one process by kind. */
export interface NamedDescriptors {
  /** Descriptors in all, each once. */
  total: number;
  byKind: DescriptorCounts;
  sockets: readonly SocketDescriptor[];
  /** Those of `sockets` that stand in no table, and what the kernel calls their protocol: `TCP`, `UDPv6`. */
  unshown: readonly (SocketDescriptor & { protocol: string })[];
}

/** Kinds by the name in `anon_inode:[NAME]`. */
const ANONYMOUS: ReadonlyMap<string, PlainKind> = new Map([
  ['eventpoll', 'eventpoll'],
  ['eventfd', 'eventfd'],
  ['timerfd', 'timerfd'],
  ['signalfd', 'signalfd'],
  ['inotify', 'inotify'],
  ['io_uring', 'ioUring'],
  ['pidfd', 'pidfd'],
]);

/** A kind that a link alone tells. */
type PlainKind = Exclude<DescriptorKind, SocketKind | 'zombie'>;

/**
 * The kind of a descriptor that is no socket, by its link in `/proc/PID/fd`, proc_pid_fd(5).
 *
 * @returns `socket` for one that has to be looked up by its inode
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
  // Ordinary files in shared memory and message queues live below /dev as well.
  if (path.startsWith('/dev/') && !/^\/dev\/(shm|mqueue|hugepages)\//.test(path)) return 'device';
  return path.endsWith(DELETED) ? 'deleted' : 'file';
}

/** Protocols, as the kernel calls them, of which a socket without a place in any table is worth a remark. */
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

/** The kind of socket that a protocol's name means, `struct proto` of the kernel. `UNIX-STREAM` since Linux 5.15. */
export function kindOfProtocol(protocol: string): SocketKind {
  return TABLED.get(protocol) ?? (protocol.startsWith('UNIX') ? 'unix' : 'otherSocket');
}
