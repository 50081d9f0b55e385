import { mayNameService } from '../../../model/endpoint.ts';
import type { NetnsSeries } from '../../../model/series.ts';
import type { SocketRecord } from '../../../model/socket-record.ts';
import { TCP_STATE } from '../../../model/tcp-state.ts';
import { perDump } from '../per-dump.ts';
import { dumpsOf, ofProto, tcpIn } from '../snapshots/snapshots.ts';

const known = new WeakMap<NetnsSeries, ReadonlySet<number>>();

/** TCP ports that somebody in the namespace listened on at any look. */
export function listeningPorts(series: NetnsSeries): ReadonlySet<number> {
  const before = known.get(series);
  if (before !== undefined) return before;
  const ports = new Set<number>();
  for (const dump of dumpsOf(series)) for (const { localPort } of tcpIn(dump, TCP_STATE.LISTEN)) ports.add(localPort);
  known.set(series, ports);
  return ports;
}

/** The sockets of a dump that connected, in whatever state: see {@link isClient}. */
export const clientsIn = perDump((series, dump): readonly SocketRecord[] => {
  const listening = listeningPorts(series);
  return ofProto(dump, 'tcp').filter((socket) => isClient(socket, listening));
});

/**
 * Whether a TCP socket is the side that connected. The kernel does not remember it: a client is one whose
 * local port nobody listens on. Where a listener may be gone and its connections are not, the ports decide:
 * from a service's port to one that the kernel chose is a server.
 */
export function isClient({ proto, state, localPort, peerPort }: SocketRecord, listening: ReadonlySet<number>): boolean {
  if (proto !== 'tcp' || state === TCP_STATE.LISTEN || peerPort === 0) return false;
  if (listening.has(localPort)) return false;
  return mayNameService(peerPort) || !mayNameService(localPort);
}
