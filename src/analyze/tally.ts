import { formatIpv4, formatIpv6, isMapped } from '../model/address.ts';
import type { SocketCounts } from '../model/overview.ts';
import type { SocketView } from '../model/socket-view.ts';
import { stateName, TCP_STATE } from '../model/tcp-state.ts';
import { DistinctSockets } from './distinct.ts';
import { GroupTable } from './group-table.ts';
import type { Roles } from './roles.ts';

/** Counts the sockets of one row of `ps`, and finds its busiest peer. */
export class Tally {
  readonly #states = new Uint32Array(16);
  readonly #distinct = new DistinctSockets();
  /** Port, then the four words of the address; IPv4 stands in the mapped form. */
  readonly #peers = new GroupTable(5);
  #udp = 0;
  #raw = 0;
  #unix = 0;

  /** @param roles tells client sockets, whose peer's port matters, from a server's */
  add(socket: SocketView, roles: Roles): void {
    if (!this.#distinct.isNew(socket)) return;
    switch (socket.proto) {
      case 'unix':
        this.#unix++;
        return;
      case 'udp':
      case 'udplite':
        this.#udp++;
        break;
      case 'raw':
        this.#raw++;
        break;
      default: {
        const state = socket.state & 15;
        this.#states[state] = (this.#states[state] ?? 0) + 1;
      }
    }
    if (socket.peerPort !== 0 && socket.state !== TCP_STATE.LISTEN) this.#countPeer(socket, roles);
  }

  /** Adds sockets that only a counter of the kernel showed. */
  addCounted({ udp, raw, timeWait = 0 }: { udp: number; raw: number; timeWait?: number }): void {
    this.#udp += udp;
    this.#raw += raw;
    this.#states[TCP_STATE.TIME_WAIT] = (this.#states[TCP_STATE.TIME_WAIT] ?? 0) + timeWait;
  }

  counts(): SocketCounts {
    const byState: Record<string, number> = {};
    let tcp = 0;
    this.#states.forEach((count, state) => {
      if (count === 0) return;
      byState[stateName(state)] = (byState[stateName(state)] ?? 0) + count;
      tcp += count;
    });
    return { total: tcp + this.#udp + this.#raw, tcp, udp: this.#udp, raw: this.#raw, unix: this.#unix, byState };
  }

  /** The peer with the most sockets; of equals the one seen first. Undefined without any. */
  busiestPeer(): { address: string; port: number; count: number } | undefined {
    let best: { address: string; port: number; count: number } | undefined;
    this.#peers.each((key, count) => {
      if (best !== undefined && count <= best.count) return;
      const [port = 0, w0 = 0, w1 = 0, w2 = 0, w3 = 0] = key;
      const address = isMapped(w0, w1, w2) ? formatIpv4(w3) : formatIpv6(w0, w1, w2, w3);
      best = { address, port, count };
    });
    return best;
  }

  #countPeer(socket: SocketView, roles: Roles): void {
    const { key } = this.#peers;
    key[0] = roles.of(socket) === 'server' ? 0 : socket.peerPort;
    const inet6 = socket.family === 'inet6';
    key[1] = inet6 ? socket.peerWord(0) : 0;
    key[2] = inet6 ? socket.peerWord(1) : 0;
    key[3] = inet6 ? socket.peerWord(2) : 0xffff;
    key[4] = inet6 ? socket.peerWord(3) : socket.peerWord(0);
    this.#peers.count();
  }
}
