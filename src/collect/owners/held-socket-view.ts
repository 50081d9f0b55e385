import { viewOf } from '../../base/byte-order.ts';
import { BaseSocketView } from '../../model/socket/base-socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { HeldPass } from './owner-pass.ts';

/** What a pass found: a row for each descriptor that is a socket. */
export type HeldTable = ReturnType<HeldPass['read']>;

/** AF_INET of the kernel's headers. */
const AF_INET = 2;
const IPPROTO_UDP = 17;
const ADDRESS_BYTES = 16;

/** A socket of a pass with IP addresses, most often TCP: a row of its table. Queues are known of TCP listeners alone; timers and users are not. */
export class HeldSocketView extends BaseSocketView {
  readonly #table: HeldTable;
  readonly #families: Uint16Array;
  readonly #states: Uint8Array;
  readonly #inodes: Float64Array;
  readonly #localPorts: Uint16Array;
  readonly #peerPorts: Uint16Array;
  readonly #localAddresses: DataView;
  readonly #peerAddresses: DataView;
  #row = 0;

  constructor(table: HeldTable) {
    super();
    this.#table = table;
    this.#families = table.column('family');
    this.#states = table.column('state');
    this.#inodes = table.column('inode');
    this.#localPorts = table.column('localPort');
    this.#peerPorts = table.column('peerPort');
    this.#localAddresses = viewOf(table.column('localAddress'));
    this.#peerAddresses = viewOf(table.column('peerAddress'));
  }

  moveTo(row: number): this {
    this.#row = row;
    return this;
  }

  get proto(): 'tcp' | 'udp' {
    return this.#table.column('protocol')[this.#row] === IPPROTO_UDP ? 'udp' : 'tcp';
  }
  get family(): 'inet' | 'inet6' {
    return this.#families[this.#row] === AF_INET ? 'inet' : 'inet6';
  }
  get state(): number {
    return this.#states[this.#row] ?? 0;
  }
  get inode(): number {
    return this.#inodes[this.#row] ?? 0;
  }
  get localPort(): number {
    return this.#localPorts[this.#row] ?? 0;
  }
  get peerPort(): number {
    return this.#peerPorts[this.#row] ?? 0;
  }
  get receiveQueue(): number | undefined {
    return this.state === TCP_STATE.LISTEN ? this.#table.column('acceptQueue')[this.#row] : undefined;
  }
  get sendQueue(): number | undefined {
    return this.state === TCP_STATE.LISTEN ? this.#table.column('acceptLimit')[this.#row] : undefined;
  }
  get uid(): undefined {
    return undefined;
  }
  override get cookieLow(): number {
    return (this.#table.column('cookie')[this.#row] ?? 0) % 2 ** 32;
  }
  override get cookieHigh(): number {
    return Math.floor((this.#table.column('cookie')[this.#row] ?? 0) / 2 ** 32);
  }
  override localWord(index: 0 | 1 | 2 | 3): number {
    return this.#localAddresses.getUint32(this.#row * ADDRESS_BYTES + index * 4);
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return this.#peerAddresses.getUint32(this.#row * ADDRESS_BYTES + index * 4);
  }

  override cgroupId(): bigint | undefined {
    const cgroup = this.#table.column('cgroup')[this.#row] ?? 0;
    return cgroup === 0 ? undefined : BigInt(cgroup);
  }
}
