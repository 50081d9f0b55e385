import { PeerCounter } from '../../count/peer-counter.ts';
import { Roles } from '../../count/roles.ts';
import { EMBEDDED_DNS_ADDRESS } from '../../model/container/embedded-dns.ts';
import type { Names } from '../../model/names.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import { isShared } from '../../model/netns/sharing.ts';
import { localAddress, mayNameService, plainAddress } from '../../model/socket/endpoint.ts';
import { isLoopback } from '../../model/socket/loopback.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { stateMask, TCP_STATE } from '../../model/socket/tcp-state.ts';
import { rowOwner } from '../../queries/rows/netns-rows.ts';
import type { SocketSnapshot } from '../../sources/sample-source.ts';
import type { TimeWaitPeer } from '../protocol/container.ts';
import type { BusiestPeerRow, ListeningPort } from '../protocol.ts';
import { IdleCounter, type LaneCount, lanesOf } from './lanes.ts';
import { timeWaitPeers } from './time-wait.ts';

/** What a row shows beyond its counts. */
export interface OwnerDetails {
  busiestPeer: BusiestPeerRow | undefined;
  lanes: readonly LaneCount[];
  /** Undefined where the snapshot left them out. */
  timeWait: readonly TimeWaitPeer[] | undefined;
  /** The lowest port first. */
  ports: ListeningPort[];
}

/** What a snapshot says of a namespace beyond counts. */
export interface NetnsDetails {
  /** By `RowIdentity.owner`; the empty text where the namespace is not shared. */
  owners: ReadonlyMap<string, OwnerDetails>;
  /** Of an owner without a socket: connections can come and go between two snapshots. Undefined without a snapshot. */
  none: OwnerDetails | undefined;
  /** Its own addresses, as far as TCP sockets have them; without loopback. */
  addresses: ReadonlySet<string>;
}

/** The busiest peer and the listeners of each owner of a snapshot, and the addresses of its sockets. */
export function detailsOf(namespace: WatchedNetns, snapshot: SocketSnapshot, names: Names): NetnsDetails {
  const ownerOf = isShared(namespace) ? rowOwner(namespace, snapshot) : () => '';
  const roles = new Roles(snapshot.sockets);
  const owners = new Map<string, { counter: PeerCounter; listeners: ListenerTable; idle: IdleCounter }>();
  const addresses = new LocalAddresses();
  snapshot.sockets.each((socket) => {
    if (socket.proto === 'tcp') addresses.add(socket);
    const owner = ownerOf(socket);
    let known = owners.get(owner);
    if (known === undefined) {
      known = {
        counter: new PeerCounter(roles),
        listeners: new ListenerTable(snapshot, names),
        idle: new IdleCounter(roles),
      };
      owners.set(owner, known);
    }
    known.counter.add(socket);
    if (socket.state === TCP_STATE.ESTABLISHED) known.idle.add(socket);
    if (socket.state === TCP_STATE.LISTEN && socket.localPort > 0) known.listeners.add(socket);
  });
  const hasTimeWait = (snapshot.withoutStates & stateMask(TCP_STATE.TIME_WAIT)) === 0;
  return {
    owners: new Map(
      [...owners].map(([owner, { counter, listeners, idle }]) => {
        const peers = counter.peers();
        const details: OwnerDetails = {
          busiestPeer: busiestOf(counter, names),
          ports: listeners.ports(),
          lanes: lanesOf(peers, idle),
          timeWait: hasTimeWait ? timeWaitPeers(peers, names) : undefined,
        };
        return [owner, details];
      }),
    ),
    none: { busiestPeer: undefined, ports: [], lanes: [], timeWait: hasTimeWait ? [] : undefined },
    addresses: addresses.found,
  };
}

/** Distinct local addresses. Sockets with the same one mostly follow each other: few of them are made into text. */
class LocalAddresses {
  readonly found = new Set<string>();
  readonly #last = [0, 0, 0, 0];

  add(socket: SocketView): void {
    const last = this.#last;
    const isLong = socket.family === 'inet6';
    const first = socket.localWord(0);
    const second = isLong ? socket.localWord(1) : 0;
    const third = isLong ? socket.localWord(2) : 0;
    const fourth = isLong ? socket.localWord(3) : 0;
    if (first === last[0] && second === last[1] && third === last[2] && fourth === last[3]) return;
    last[0] = first;
    last[1] = second;
    last[2] = third;
    last[3] = fourth;
    // The wildcard address is every one of them.
    if ((first | second | third | fourth) === 0) return;
    const address = plainAddress(localAddress(socket));
    if (!isLoopback(address)) this.found.add(address);
  }
}

function busiestOf(counter: PeerCounter, names: Names): BusiestPeerRow | undefined {
  const peer = counter.busiest(true);
  if (peer === undefined) return undefined;
  const { address, port, count } = peer;
  const name = names.host(address);
  const service = mayNameService(port) ? names.service(port, 'tcp') : undefined;
  return {
    address,
    count,
    direction: port === 0 ? 'in' : 'out',
    ...(port !== 0 && { port }),
    ...(name !== undefined && { name }),
    ...(service !== undefined && { service }),
  };
}

/** The listeners of one owner; several sockets on one address and port (SO_REUSEPORT) are one. */
class ListenerTable {
  readonly #snapshot: SocketSnapshot;
  readonly #names: Names;
  readonly #ports = new Map<string, ListeningPort>();

  constructor(snapshot: SocketSnapshot, names: Names) {
    this.#snapshot = snapshot;
    this.#names = names;
  }

  add(socket: SocketView): void {
    const address = localAddress(socket);
    if (address === EMBEDDED_DNS_ADDRESS) return;
    const key = `${socket.proto} ${address} ${socket.localPort}`;
    const known = this.#ports.get(key);
    const drops = socket.drops();
    if (known !== undefined) {
      if (known.queue !== undefined) known.queue += socket.receiveQueue ?? 0;
      if (known.backlog !== undefined) known.backlog += socket.sendQueue ?? 0;
      if (known.drops !== undefined) known.drops += drops ?? 0;
      return;
    }
    const { proto, localPort: port, receiveQueue, sendQueue } = socket;
    const service = mayNameService(port) ? this.#names.service(port, 'tcp') : undefined;
    const [holder] = this.#snapshot.holdersOf(socket);
    // /proc has no limit of the queue there.
    const backlog = this.#snapshot.source === 'procfs' ? undefined : sendQueue;
    this.#ports.set(key, {
      proto,
      address,
      port,
      ...(service !== undefined && { service }),
      ...(receiveQueue !== undefined && { queue: receiveQueue }),
      ...(backlog !== undefined && { backlog }),
      ...(drops !== undefined && { drops }),
      ...(holder !== undefined && { process: `${holder.pid}/${holder.name}` }),
    });
  }

  ports(): ListeningPort[] {
    return [...this.#ports.values()].sort((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1));
  }
}
