import type { SpaceSeries } from '../../model/series.ts';
import type { SocketRecord } from '../../model/socket-record.ts';
import { TCP_STATE } from '../../model/tcp-state.ts';
import { isClient, listeningPorts } from './clients.ts';
import { type Dump, grouped } from './looks.ts';
import type { PortRange } from './port-range.ts';

/** The local ports that connections from one address to one endpoint have taken. */
export interface PortUse {
  source: string;
  peer: string;
  port: number;
  /** Distinct ports of the range, whatever the state of the connection. */
  used: number;
  /** Those among them that only TIME_WAIT entries hold. */
  waiting: number;
  /** One of the connections, one with a process where there is any. */
  member: SocketRecord;
}

/**
 * Ports in use for each triple of source, destination and its port: the kernel gives a port again as long as
 * these three differ.
 */
export function portUse(space: SpaceSeries, dump: Dump, range: PortRange): PortUse[] {
  const listening = listeningPorts(space);
  const clients = dump.sockets.filter((socket) => range.has(socket.localPort) && isClient(socket, listening));
  const triples = grouped(clients, ({ local, peer, peerPort }) => `${local?.plain} ${peer?.plain} ${peerPort}`);
  return [...triples.values()].map((sockets) => {
    const ports = new Map<number, boolean>();
    for (const { localPort, state } of sockets) {
      ports.set(localPort, (ports.get(localPort) ?? true) && state === TCP_STATE.TIME_WAIT);
    }
    const member = sockets.find(({ process }) => process !== undefined) ?? (sockets[0] as SocketRecord);
    return {
      ...{ source: member.local?.plain ?? '*', peer: member.peer?.plain ?? '*', port: member.peerPort },
      ...{ used: ports.size, waiting: [...ports.values()].filter(Boolean).length, member },
    };
  });
}

/** What `net.ipv4.tcp_tw_reuse=1` does for them. */
export const REUSE =
  'ports in TIME_WAIT are reused for a new connection after a second (2, the default, does so on loopback alone)';
