import { EMBEDDED_DNS_ADDRESS } from '../../model/container/embedded-dns.ts';
import type { Address } from '../../model/socket/interned-address.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { type Dump, ofProto, tcpIn } from '../snapshots/snapshots.ts';

/**
 * Whether a socket is the container's side of Docker's embedded DNS server: one UDP and one TCP listener
 * that dockerd holds inside the namespace, and what they accepted. Nothing of it is the container's own.
 */
export function isEmbeddedDns({ local, process, proto }: StoredSocket): boolean {
  if (local?.plain !== EMBEDDED_DNS_ADDRESS || (proto !== 'tcp' && proto !== 'udp')) return false;
  return process === undefined || process.name === 'dockerd';
}

/** The accept queue of a listener in one dump. */
export interface QueueSnapshot {
  dump: Dump;
  /** Connections that wait to be accepted. */
  waiting: number;
  /** What listen(2) was given, after the kernel's clamp; undefined where the source does not report it (`/proc`). */
  limit: number | undefined;
}

/** A listening socket over the dumps that had it, with its queue. */
export interface Listener {
  /** As last seen. */
  socket: StoredSocket;
  /** In the order of time; at least one. */
  snapshots: readonly QueueSnapshot[];
  last: QueueSnapshot;
  /**
   * Connection attempts that the kernel dropped at this listener during the series, retries included, whatever the
   * reason (`sk_drops`); undefined where the source does not have it.
   */
  dropped: number | undefined;
  /** As {@link dropped}, since it listens. */
  droppedInAll: number | undefined;
}

/** TCP listeners; those of Docker's embedded DNS server are left out. */
export function tcpListeners(dumps: readonly Dump[]): Listener[] {
  return listeners(dumps, (dump) => tcpIn(dump, TCP_STATE.LISTEN).filter((socket) => !isEmbeddedDns(socket)));
}

/** Listening UNIX sockets: their numbers mean the same. */
export function unixListeners(dumps: readonly Dump[]): Listener[] {
  return listeners(dumps, (dump) => ofProto(dump, 'unix').filter(({ state }) => state === TCP_STATE.LISTEN));
}

function listeners(dumps: readonly Dump[], listening: (dump: Dump) => readonly StoredSocket[]): Listener[] {
  const found = new Map<number, Listener & { snapshots: QueueSnapshot[]; before: number | undefined }>();
  for (const dump of dumps) {
    for (const socket of listening(dump)) {
      const limit = dump.source === 'procfs' ? undefined : socket.sendQueue;
      const { receiveQueue: waiting } = socket;
      if (waiting === undefined) continue;
      const snapshot = { dump, waiting, limit };
      const drops = socket.drops();
      const known = found.get(socket.inode);
      if (known === undefined) {
        // One that was opened after the first dump has dropped all of them since.
        const before = dump === dumps[0] ? drops : 0;
        const dropped = drops === undefined || before === undefined ? undefined : drops - before;
        found.set(socket.inode, {
          socket,
          snapshots: [snapshot],
          last: snapshot,
          dropped,
          droppedInAll: drops,
          before,
        });
        continue;
      }
      known.socket = socket;
      known.snapshots.push(snapshot);
      known.last = snapshot;
      known.droppedInAll = drops;
      known.dropped = drops === undefined || known.before === undefined ? undefined : drops - known.before;
    }
  }
  return [...found.values()];
}

/**
 * How often a full accept queue of a listener dropped an attempt to connect; undefined where the source does not tell.
 * The socket counts drops for every reason, the namespace those of full accept queues at all of its listeners.
 *
 * @param overflows rise of the namespace's `TcpExtListenOverflows`; undefined where it was not read twice
 */
export function overflowsOf({ dropped }: Listener, overflows: number | undefined): number | undefined {
  return dropped === undefined || overflows === undefined ? dropped : Math.min(dropped, overflows);
}

/** The snapshot with the most connections waiting. */
export function peakOf({ snapshots, last }: Listener): QueueSnapshot {
  return snapshots.reduce((peak, snapshot) => (snapshot.waiting > peak.waiting ? snapshot : peak), last);
}

/** Whether more wait than the limit: the kernel takes one more than it, and then no other. */
export function isFull({ waiting, limit }: QueueSnapshot): boolean {
  return limit !== undefined && waiting > limit;
}

/**
 * Whether a socket came in through a listener. A dual-stack listener's connections are `inet6` whatever the
 * client spoke, so that the family decides where there is one listener for each.
 */
export function cameThrough(socket: StoredSocket, listener: StoredSocket): boolean {
  return (
    socket.proto === 'tcp' &&
    socket.state !== TCP_STATE.LISTEN &&
    socket.localPort === listener.localPort &&
    socket.family === listener.family &&
    (isAny(listener.local) || socket.local === listener.local || socket.local?.plain === listener.local?.plain)
  );
}

function isAny(address: Address | undefined): boolean {
  return address?.words.every((word) => word === 0) ?? false;
}
