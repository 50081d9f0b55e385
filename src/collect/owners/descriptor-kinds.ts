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

/** The descriptors of a process, its sockets not yet told apart. */
export interface DescriptorScan {
  pid: number;
  total: number;
  /** All but the sockets. */
  byKind: Partial<Record<DescriptorKind, number>>;
  sockets: SocketDescriptor[];
}

/**
 * The descriptors of processes by kind: read, the tables of their namespace after that, and those
 * of the others only for sockets that are not found there.
 *
 * @param place where most of their sockets are
 * @returns by PID; a process that ended or may not be looked at is left out
 * @throws {Failure} as `stream`
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
 * Reads the descriptors of a process. Do this before the sockets' tables are read: what was opened
 * in between is in the tables then, and not missed there.
 *
 * @returns undefined when the process is gone or may not be looked at
 */
export function scanDescriptors(machine: Machine, pid: number): DescriptorScan | undefined {
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
  );
  return readable ? scan : undefined;
}

/**
 * Tells the sockets of a scan apart: by the tables, and what stands in none by the name that the
 * kernel gives its protocol. Only a TCP or UDP socket that is in no table of any namespace is called
 * a zombie: other families have no table here, and a table that could not be read accuses nobody.
 *
 * @param suspects fewer sockets than this that the tables do not show are no reason to read all namespaces
 */
export function nameSockets(
  machine: Machine,
  scan: DescriptorScan,
  tables: SocketTables,
  suspects = 1,
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
  const manyUnknown = unknown.length >= suspects;
  for (const socket of unknown) {
    const protocol = protocolOf(machine, scan.pid, socket);
    if (protocol === undefined) {
      count('otherSocket');
      continue;
    }
    if (!ACCUSED.test(protocol) || !manyUnknown || !tables.isEverywhereWithout(socket.inode)) {
      count(tables.kindOf(socket.inode) ?? kindOfProtocol(protocol));
      continue;
    }
    count('zombie');
    unshown.push({ ...socket, protocol });
  }
  return { total: scan.total, byKind, sockets: scan.sockets, unshown };
}

/** An MPTCP socket is left out: what its dump has of listeners depends on the kernel. */
const ACCUSED = /^(TCP|UDP)(v6)?$/;

/** @returns undefined when the descriptor is another one by now, and where the kernel cannot be asked */
function protocolOf(machine: Machine, pid: number, { fd, inode }: SocketDescriptor): string | undefined {
  try {
    return socketProtocol(pid, fd, inode, machine.systemCalls().getxattr, machine.proc);
  } catch {
    // No foreign calls on this machine, or the socket was closed.
    return undefined;
  }
}
