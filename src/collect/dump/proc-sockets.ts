import type { SocketQuery } from '../../model/socket/socket-query.ts';
import type { Proto, SocketSource, SocketView } from '../../model/socket/socket-view.ts';
import { ProcIcmpTables } from '../../procfs/net-icmp.ts';
import { ProcInetTable } from '../../procfs/net-inet.ts';
import { ProcNetlinkTable } from '../../procfs/net-netlink.ts';
import { ProcPacketTable } from '../../procfs/net-packet.ts';
import { ProcUnixTable } from '../../procfs/net-unix.ts';

/** Reads a file of a namespace's `/proc/net`; undefined when this kernel has no such table. */
export type NetFileReader = (file: string) => Uint8Array | undefined;

/**
 * The sockets of a protocol that the query selects, from the tables of `/proc/net`.
 *
 * @returns undefined when `/proc` has no table of the protocol
 */
export function readProcSockets(readFile: NetFileReader, proto: Proto, query: SocketQuery): SocketSource | undefined {
  const tables = tablesOf(readFile, proto, query);
  if (tables.length === 0) return undefined;
  return {
    each(visit) {
      const wanted = (socket: SocketView) => {
        if ((query.states & (1 << socket.state)) !== 0) visit(socket);
      };
      for (const table of tables) table.each(wanted);
    },
  };
}

function tablesOf(readFile: NetFileReader, proto: Proto, query: SocketQuery): SocketSource[] {
  switch (proto) {
    case 'unix': {
      const bytes = readFile('unix');
      return bytes === undefined ? [] : [new ProcUnixTable(bytes)];
    }
    case 'packet': {
      const bytes = readFile('packet');
      return bytes === undefined ? [] : [new ProcPacketTable(bytes)];
    }
    case 'netlink': {
      const bytes = readFile('netlink');
      return bytes === undefined ? [] : [new ProcNetlinkTable(bytes)];
    }
    case 'icmp': {
      const inet = readFile('icmp');
      const inet6 = readFile('icmp6');
      return inet === undefined && inet6 === undefined ? [] : [new ProcIcmpTables(inet, inet6, query)];
    }
    case 'tcp':
    case 'udp':
    case 'udplite':
    case 'raw': {
      const tables: SocketSource[] = [];
      const inet = query.inet ? readFile(proto) : undefined;
      if (inet !== undefined) tables.push(new ProcInetTable(inet, proto, 'inet'));
      const inet6 = query.inet6 ? readFile(`${proto}6`) : undefined;
      if (inet6 !== undefined) tables.push(new ProcInetTable(inet6, proto, 'inet6'));
      return tables;
    }
    default:
      return [];
  }
}
