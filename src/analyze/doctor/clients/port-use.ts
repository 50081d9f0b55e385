import type { SocketRecord } from '../../../model/socket-record.ts';
import { TCP_STATE } from '../../../model/tcp-state.ts';
import { perDump } from '../per-dump.ts';
import { clientsIn } from './clients.ts';
import { portRangeOf } from './port-range.ts';
import { Triples } from './triples.ts';

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
export const portUse = perDump((space, dump): readonly PortUse[] => {
  const range = portRangeOf(space.sysctls);
  const triples = new Triples<string, string, SocketRecord[]>();
  for (const socket of clientsIn(space, dump)) {
    const { local, localPort, peer, peerPort } = socket;
    if (!range.has(localPort)) continue;
    triples.at(local?.plain ?? '*', peer?.plain ?? '*', peerPort, () => []).push(socket);
  }
  return triples.values().map((sockets) => {
    // Those that only TIME_WAIT entries hold; a port may stand in several.
    const ports = new Set<number>();
    const taken = new Set<number>();
    for (const { localPort, state } of sockets) (state === TCP_STATE.TIME_WAIT ? ports : taken).add(localPort);
    let waiting = 0;
    for (const port of ports) if (!taken.has(port)) waiting++;
    const member = sockets.find(({ process }) => process !== undefined) ?? (sockets[0] as SocketRecord);
    return {
      ...{ source: member.local?.plain ?? '*', peer: member.peer?.plain ?? '*', port: member.peerPort },
      ...{ used: taken.size + waiting, waiting, member },
    };
  });
});

/** What `net.ipv4.tcp_tw_reuse=1` does for them. */
export const REUSE =
  'a new connection may reuse a port in TIME_WAIT after one second (2, the default, does so on loopback only)';
