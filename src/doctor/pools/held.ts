import { GREETING_BYTES } from '../../model/sample/closed-group.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { endpointKey } from '../peers/endpoints.ts';
import { listenersOnPort } from '../peers/listeners-at.ts';
import { namespaceByAddress } from '../peers/namespace-by-address.ts';
import { sameIn } from '../snapshots/same-socket.ts';
import { dumpsOf, tcpIn } from '../snapshots/snapshots.ts';
import { establishedIn } from './pools.ts';
import { type EndsAt, endsAt, type ServerEnd } from './refusals.ts';
import { sharedEndpoints } from './shared-endpoints.ts';

/** Connections that there were at one moment. */
export interface HeldAt {
  /** Of the sample, milliseconds since the epoch. */
  atMs: number;
  /** When the sockets were read, milliseconds since the epoch. */
  readAtMs: number;
  /** Those that the server has certainly let in; all, where it refused nothing before and after. */
  held: number;
  /** Further ones that were established: let in, or about to be refused. */
  unsure: number;
}

/** A refused connection is closed when its error is sent: one that is open so long after an answer was let in. Milliseconds. */
const ANSWERED_MS = 50;

/** The established sockets of one side at one moment. */
interface Look {
  atMs: number;
  readAtMs: number;
  sockets: readonly StoredSocket[];
}

/**
 * The connections that the server itself was seen to hold, without those in its listener's queue; undefined where it is
 * not watched.
 */
export function heldByServer(server: ServerEnd): HeldAt[] | undefined {
  const { series, from, plain, port } = server;
  const namespace = namespaceByAddress(series, from, plain);
  if (namespace === undefined || listenersOnPort(namespace, port).length === 0) return undefined;
  const looks = dumpsOf(namespace).map((dump): Look => {
    // An inode of 0: nobody has accepted it.
    const isAccepted = ({ localPort, inode }: StoredSocket) => localPort === port && inode !== 0;
    const sockets = tcpIn(dump, TCP_STATE.ESTABLISHED).filter(isAccepted);
    return { atMs: dump.atMs, readAtMs: dump.readAtMs ?? dump.atMs, sockets };
  });
  return heldIn(server, looks, (socket, stays) => stays || isAnswered(server, bytesOfServer(socket)));
}

/** The connections of all watched clients to a server. */
export function heldByClients(server: ServerEnd): HeldAt[] {
  const { series, from, plain, port } = server;
  const looks = new Map<number, StoredSocket[]>();
  const pools = sharedEndpoints(series).get(endpointKey(series, from.namespace, plain, port))?.pools ?? [];
  for (const { snapshots } of pools) {
    for (const snapshot of snapshots) {
      const sockets = looks.get(snapshot.atMs);
      if (sockets === undefined) looks.set(snapshot.atMs, establishedIn(snapshot));
      else sockets.push(...establishedIn(snapshot));
    }
  }
  const inOrder = [...looks].map(([atMs, sockets]) => ({ atMs, readAtMs: atMs, sockets }));
  inOrder.sort((a, b) => a.atMs - b.atMs);
  return heldIn(server, inOrder, (socket, stays) => {
    const bytes = bytesOfClient(socket);
    // A client cannot tell whether it was accepted: without an answer it may stand in a queue for long.
    return (stays && bytes.fromServer !== 0) || isAnswered(server, bytes);
  });
}

/** The most connections that a server was seen to have: by the server itself where it is watched, else by the clients that are. */
export function mostHeld(server: ServerEnd): number {
  const looks = [...(heldByServer(server) ?? []), ...heldByClients(server)];
  return Math.max(0, ...looks.map(({ held }) => held));
}

/** @param isLetIn whether it was, given that the look before or after has it too */
function heldIn(
  server: ServerEnd,
  looks: readonly Look[],
  isLetIn: (socket: StoredSocket, stays: boolean) => boolean,
): HeldAt[] {
  const ends = endsAt(server).filter(({ refused }) => refused > 0);
  return looks.map(({ atMs, readAtMs, sockets }, index) => {
    const [before, after] = [looks[index - 1], looks[index + 1]];
    const whole = { atMs, readAtMs, held: sockets.length, unsure: 0 };
    if (!isAmong(ends, before?.atMs, after?.atMs)) return whole;
    const stays = (socket: StoredSocket) =>
      [before, after].some((other) => other !== undefined && sameIn(other, socket) !== undefined);
    const held = sockets.filter((socket) => isLetIn(socket, stays(socket))).length;
    return { ...whole, held, unsure: sockets.length - held };
  });
}

/** Whether samples after one time and up to another have some of the ends. */
function isAmong(ends: readonly EndsAt[], afterMs = Number.NEGATIVE_INFINITY, upToMs = Number.POSITIVE_INFINITY) {
  return ends.some(({ atMs }) => atMs > afterMs && atMs <= upToMs);
}

/** Bytes that went over a connection, and how long ago the server sent the last of them; undefined where unknown. */
interface Exchanged {
  fromClient: number | undefined;
  fromServer: number | undefined;
  answeredMs: number | undefined;
}

function bytesOfServer(socket: StoredSocket): Exchanged {
  return {
    fromClient: socket.tcpInfoNumber('bytesReceived'),
    fromServer: socket.tcpInfoNumber('bytesSent'),
    answeredMs: socket.tcpInfoNumber('lastSentMs'),
  };
}

function bytesOfClient(socket: StoredSocket): Exchanged {
  return {
    fromClient: socket.tcpInfoNumber('bytesSent'),
    fromServer: socket.tcpInfoNumber('bytesReceived'),
    answeredMs: socket.tcpInfoNumber('lastReceivedMs'),
  };
}

/** Whether more was exchanged, or longer ago, than with a client that is refused. */
function isAnswered({ database }: ServerEnd, { fromClient, fromServer, answeredMs }: Exchanged): boolean {
  // A client that is greeted by an error has nothing to say.
  if (database?.speaksFirst === true && (fromClient ?? 0) > 0) return true;
  if ((fromServer ?? 0) > GREETING_BYTES) return true;
  return (fromServer ?? 0) > 0 && (answeredMs ?? 0) >= ANSWERED_MS;
}
