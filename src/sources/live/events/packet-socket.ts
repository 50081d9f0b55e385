import type { PacketFields } from '../../../bpf/programs/packet-events.ts';
import type { RecordTable } from '../../../bpf/record-table.ts';
import { BaseSocketView } from '../../../model/socket/base-socket-view.ts';
import type { Family } from '../../../model/socket/socket-view.ts';
import { addressWord } from './record-address.ts';
import { cgroupIdOf } from './tracepoint-socket.ts';

const AF_INET6 = 10;

/** View of the socket of a packet event. */
export class PacketSocket extends BaseSocketView {
  proto: 'tcp' | 'udp' = 'tcp';
  /** The id of its cgroup; 0 where it is not known: a packet does not have it. */
  cgroup = 0;
  readonly inode = 0;
  readonly receiveQueue = undefined;
  readonly sendQueue = undefined;
  readonly uid = undefined;
  #table!: RecordTable<PacketFields>;
  #row = 0;

  moveTo(table: RecordTable<PacketFields>, row: number, proto: 'tcp' | 'udp'): void {
    this.#table = table;
    this.#row = row;
    this.proto = proto;
    this.cgroup = 0;
  }

  get family(): Family {
    return this.#table.column('family')[this.#row] === AF_INET6 ? 'inet6' : 'inet';
  }
  get state(): number {
    return this.#table.column('state')[this.#row] ?? 0;
  }
  get localPort(): number {
    return this.#table.column('localPort')[this.#row] ?? 0;
  }
  get peerPort(): number {
    return this.#table.column('peerPort')[this.#row] ?? 0;
  }
  override localWord(index: 0 | 1 | 2 | 3): number {
    return addressWord(this.#table.column('local'), this.#row, index);
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return addressWord(this.#table.column('peer'), this.#row, index);
  }
  override cgroupId(): bigint | undefined {
    return cgroupIdOf(this.cgroup);
  }
  override get cookieLow(): number {
    return this.cookie % 2 ** 32;
  }
  override get cookieHigh(): number {
    return Math.floor(this.cookie / 2 ** 32);
  }

  /** 0 for none. */
  get cookie(): number {
    return this.#table.column('cookie')[this.#row] ?? 0;
  }
}
