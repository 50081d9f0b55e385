import type { PacketGroup } from '../../model/sample/packet-group.ts';
import { localAddress, peerAddress, plainAddress } from '../../model/socket/endpoint.ts';
import type { PacketEvent } from '../../model/socket/packet-event.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';

/** Groups between two samples: beyond them, events of further endpoints are left out. */
const MOST_GROUPS = 10_000;

/** Counts packet events, grouped by kind, reason and endpoints. */
export class PacketGroups {
  #groups = new Map<string, PacketGroup>();
  /** What the last event was of: a storm has one sender and one receiver. */
  #last: { numbers: number[]; reason: string | undefined; group: PacketGroup } | undefined;

  /** Adds an event. */
  add(event: PacketEvent): void {
    const numbers = numbersOf(event);
    const last = this.#last;
    const isSame =
      last !== undefined && last.reason === event.reason && numbers.every((number, at) => number === last.numbers[at]);
    const group = isSame ? last.group : this.#groupOf(event);
    if (group === undefined) return;
    this.#last = { numbers, reason: event.reason, group };
    group.count++;
    group.segments += event.segments ?? 0;
  }

  /** The groups since the last call. */
  take(): PacketGroup[] {
    const groups = [...this.#groups.values()];
    this.#groups = new Map();
    this.#last = undefined;
    return groups;
  }

  #groupOf(event: PacketEvent): PacketGroup | undefined {
    const { kind, proto, reason, socket } = event;
    // A port that refuses has no listener, but is the one that was meant.
    const isOfLocalPort = proto === 'udp' || event.isServer || reason === 'NO_SOCKET';
    const group: PacketGroup = {
      kind,
      proto,
      ...(reason !== undefined && { reason }),
      localAddress: plainAddress(localAddress(socket)),
      localPort: isOfLocalPort ? socket.localPort : 0,
      peerAddress: plainAddress(peerAddress(socket)),
      peerPort: isOfLocalPort ? 0 : socket.peerPort,
      isRequest: kind === 'retransmitted' && socket.state === TCP_STATE.SYN_SENT,
      count: 0,
      segments: 0,
    };
    const { localAddress: local, localPort, peerAddress: peer, peerPort, isRequest } = group;
    const key = `${kind} ${proto} ${reason} ${local} ${localPort} ${peer} ${peerPort} ${isRequest}`;
    const known = this.#groups.get(key);
    if (known !== undefined || this.#groups.size >= MOST_GROUPS) return known;
    this.#groups.set(key, group);
    return group;
  }
}

function numbersOf({ kind, socket }: PacketEvent): number[] {
  const words = [0, 1, 2, 3] as const;
  const word = (read: 'localWord' | 'peerWord', index: 0 | 1 | 2 | 3) =>
    socket.family === 'inet' && index > 0 ? 0 : socket[read](index);
  return [
    KIND_NUMBERS[kind],
    portsOf(socket),
    socket.state,
    ...words.map((index) => word('localWord', index)),
    ...words.map((index) => word('peerWord', index)),
  ];
}

function portsOf({ localPort, peerPort }: SocketView): number {
  return localPort * 65_536 + peerPort;
}

const KIND_NUMBERS = { retransmitted: 0, 'reset-sent': 1, 'reset-received': 2, dropped: 3 } as const;
