import {
  type DescriptorKind,
  kindOfLink,
  kindOfProtocol,
  type NamedDescriptors,
  type SocketDescriptor,
} from '../../model/sample/descriptor-kinds.ts';
import { eachDescriptor, socketProtocol } from '../../procfs/descriptors.ts';
import { SocketTables } from '../dump/socket-tables.ts';
import type { Machine } from '../machine.ts';
import type { NetnsHandle } from '../target/netns-handle.ts';
import { readLinkAtOf } from './read-link-at.ts';

/** The descriptors of a process; its sockets are not yet classified. */
export interface DescriptorScan {
  pid: number;
  /** All descriptors. */
  total: number;
  /** Descriptors other than sockets. */
  byKind: Partial<Record<DescriptorKind, number>>;
  sockets: SocketDescriptor[];
}

/**
 * The descriptors of processes by kind. Reads the descriptors first and the socket tables of the processes' network
 * namespace after that; tables of other namespaces only for sockets that are not in those.
 *
 * @param handle the namespace with most of their sockets
 * @returns by PID; a process that has exited or cannot be read is left out
 * @throws {Failure} as `streamSockets`
 */
export function descriptorKindsOf(
  machine: Machine,
  handle: NetnsHandle,
  pids: Iterable<number>,
): Map<number, NamedDescriptors> {
  const scans: DescriptorScan[] = [];
  for (const pid of pids) {
    const scan = scanDescriptors(machine, pid);
    if (scan !== undefined) scans.push(scan);
  }
  const tables = new SocketTables(machine);
  if (scans.some(({ sockets }) => sockets.length > 0)) tables.add(handle);
  return new Map(scans.map((scan) => [scan.pid, nameSockets(machine, scan, tables)]));
}

/**
 * Reads the descriptors of a process. Call this before the socket tables are read: a socket that is opened in between
 * is then in the tables.
 *
 * @param sockets those of its descriptors that a pass found just before, with the inode of each
 * @returns undefined when the process has exited or cannot be read
 */
export function scanDescriptors(
  machine: Machine,
  pid: number,
  sockets?: ReadonlyMap<number, number>,
): DescriptorScan | undefined {
  const scan: DescriptorScan = { pid, total: 0, byKind: {}, sockets: [] };
  const readable = eachDescriptor(
    pid,
    (fd, link) => {
      scan.total++;
      const kind = kindOfLink(link);
      if (kind === 'socket') scan.sockets.push({ fd, inode: Number.parseInt(link.slice(8), 10) });
      else scan.byKind[kind] = (scan.byKind[kind] ?? 0) + 1;
    },
    machine.proc,
    readLinkAtOf(machine),
    sockets,
  );
  return readable ? scan : undefined;
}

/**
 * Classifies the sockets of a scan: by the tables, and one that is in no table by the kernel's name of its protocol. A
 * zombie is a TCP or UDP socket that is in no table of any network namespace, where all tables could be read; other
 * families have no table here.
 *
 * @param minimumUnknown reads the tables of all namespaces only for at least this many sockets outside the tables read
 *   so far
 */
export function nameSockets(
  machine: Machine,
  scan: DescriptorScan,
  tables: SocketTables,
  minimumUnknown = 1,
): NamedDescriptors {
  const byKind = { ...scan.byKind };
  const unknown: SocketDescriptor[] = [];
  const unshown: (SocketDescriptor & { protocol: string })[] = [];
  const count = (kind: DescriptorKind) => {
    byKind[kind] = (byKind[kind] ?? 0) + 1;
  };
  for (const socket of scan.sockets) {
    const kind = tables.kindOf(socket.inode);
    if (kind === undefined) unknown.push(socket);
    else count(kind);
  }
  const manyUnknown = unknown.length >= minimumUnknown;
  for (const socket of unknown) {
    const protocol = protocolOf(machine, scan.pid, socket);
    if (protocol === undefined) {
      count('otherSocket');
      continue;
    }
    if (!ZOMBIE_PROTOCOLS.test(protocol) || !manyUnknown || !tables.isInNoTable(socket.inode)) {
      count(tables.kindOf(socket.inode) ?? kindOfProtocol(protocol));
      continue;
    }
    count('zombie');
    unshown.push({ ...socket, protocol });
  }
  return { total: scan.total, byKind, sockets: scan.sockets, unshown };
}

/** Protocols of zombies. Without MPTCP: whether its dump has listeners depends on the kernel. */
const ZOMBIE_PROTOCOLS = /^(TCP|UDP)(v6)?$/;

/** @returns undefined when the descriptor was closed or replaced, or system calls are not available */
function protocolOf(machine: Machine, pid: number, { fd, inode }: SocketDescriptor): string | undefined {
  try {
    return socketProtocol(pid, fd, inode, machine.systemCalls().getxattr, machine.proc);
  } catch {
    // System calls are not available on this machine, or the socket was closed.
    return undefined;
  }
}
