import { formatEndpoint } from '../../base/endpoint-text.ts';
import { type PeerCount, PeerCounter, peerIdOf } from '../../count/peer-counter.ts';
import { Roles } from '../../count/roles.ts';
import type { Names } from '../../model/names.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { TopPeerRow, TopSocketRow } from '../../model/report/top-rows.ts';
import { idleMs, roundTripUs } from '../../model/socket/connection-times.ts';
import { mayNameService } from '../../model/socket/endpoint.ts';
import { socketRow } from '../../model/socket/make-socket-row.ts';
import { type Endpoint, isInetRow } from '../../model/socket/socket-row.ts';
import { isInet, type SocketView } from '../../model/socket/socket-view.ts';
import type { SocketSnapshot } from '../../sources/sample-source.ts';
import type { SnapshotTest } from '../filter-tests.ts';
import { HISTORY_TICKS, rowOwner } from './netns-rows.ts';

/** Maximum number of listed sockets; each costs an object per tick. */
const MAX_SOCKETS = 10_000;

/** The sockets of one row at one moment. */
export interface OpenedSnapshot {
  namespace: WatchedNetns;
  snapshot: SocketSnapshot;
  names: Names;
  /** See `RowIdentity.owner`. */
  owner: string | undefined;
  /** Of the filter; undefined for all. */
  test: SnapshotTest | undefined;
}

/** The peers of a row over time. */
export class OpenedRow {
  #histories = new Map<string, readonly number[]>();

  /**
   * @param isNew false for a snapshot that was counted before
   * @returns in no order
   */
  peers(opened: OpenedSnapshot, isNew: boolean): TopPeerRow[] {
    const roles = new Roles(opened.snapshot.sockets);
    const counter = new PeerCounter(roles);
    eachSocket(opened, (socket) => counter.add(socket));
    const histories = new Map<string, readonly number[]>();
    const rows = counter.peers().map((peer) => {
      const before = this.#histories.get(peer.id) ?? [];
      const history = isNew ? [...before, peer.total].slice(-HISTORY_TICKS) : before;
      histories.set(peer.id, history);
      return peerRow(peer, opened.names, history);
    });
    this.#histories = histories;
    return rows;
  }
}

function peerRow({ proto, address, port, ...peer }: PeerCount, names: Names, history: readonly number[]): TopPeerRow {
  const known = mayNameService(port) ? names.service(port, proto) : undefined;
  const suffix = proto === 'tcp' ? '' : `/${proto}`;
  return {
    ...peer,
    peer: address === undefined ? '*' : (names.host(address) ?? address),
    service: `${known ?? port}${suffix}`,
    history,
  };
}

/**
 * The sockets of a row, or of one of its peers.
 *
 * @returns those that are listed, and how many more there are
 */
export function openedSockets(
  opened: OpenedSnapshot,
  peer: string | undefined,
): { sockets: TopSocketRow[]; more: number } {
  const roles = new Roles(opened.snapshot.sockets);
  const sockets: TopSocketRow[] = [];
  let more = 0;
  eachSocket(opened, (socket) => {
    if (peer !== undefined && peerIdOf(socket, roles) !== peer) return;
    if (sockets.length === MAX_SOCKETS) more++;
    else sockets.push(row(socket, opened));
  });
  return { sockets, more };
}

function eachSocket(opened: OpenedSnapshot, visit: (socket: SocketView) => void): void {
  const { snapshot, owner, test } = opened;
  const ownerOf = rowOwner(opened.namespace, snapshot);
  const passes = test?.(snapshot) ?? (() => true);
  snapshot.sockets.each((socket) => {
    if (!isInet(socket.family)) return;
    if (owner !== undefined && ownerOf(socket) !== owner) return;
    if (passes(socket)) visit(socket);
  });
}

function row(socket: SocketView, { snapshot, names }: OpenedSnapshot): TopSocketRow {
  const shown = socketRow(socket, { names });
  const local = isInetRow(shown) ? endpointText(shown.local) : '';
  const peer = isInetRow(shown) ? endpointText(shown.peer) : '';
  const [holder, ...others] = snapshot.holdersOf(socket);
  const since = snapshot.seenSince(socket);
  const rtt = roundTripUs(socket);
  const idle = idleMs(socket);
  const drops = socket.drops();
  return {
    id: `${shown.proto} ${local} ${peer} ${shown.inode}`,
    proto: `${shown.proto}${shown.family === 'inet6' ? '6' : ''}`,
    local,
    peer,
    state: shown.state,
    process: holder === undefined ? '' : `${holder.pid}/${holder.name}${others.length > 0 ? ` +${others.length}` : ''}`,
    ...(shown.receiveQueue !== undefined && { receiveQueue: shown.receiveQueue }),
    ...(shown.sendQueue !== undefined && { sendQueue: shown.sendQueue }),
    ...(drops !== undefined && { drops }),
    ...(rtt !== undefined && { roundTripUs: rtt }),
    ...(idle !== undefined && { idleMs: idle }),
    ...(since !== undefined && { seenForMs: Math.max(0, snapshot.takenAtMs - since.firstSeenMs) }),
  };
}

function endpointText({ address, port, name, service }: Endpoint): string {
  return formatEndpoint(name ?? address, service ?? port);
}
