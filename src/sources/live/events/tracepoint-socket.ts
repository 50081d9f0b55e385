import type { ConnectionFields } from '../../../bpf/programs/connection-events.ts';
import type { RecordTable } from '../../../bpf/record-table.ts';
import { BaseSocketView } from '../../../model/socket/base-socket-view.ts';
import type { Family } from '../../../model/socket/socket-view.ts';
import type { TcpInfo, TcpInfoNumber } from '../../../model/socket/tcp-info.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import type { OpenedPorts } from './opened-ports.ts';
import { tickRate } from './tick-rate.ts';

const AF_INET6 = 10;

/** View of the socket of a record. At the end of a connection it is as before: its state is the one that it left. */
export class TracepointSocket extends BaseSocketView {
  readonly proto = 'tcp';
  inode = 0;
  #table!: RecordTable<ConnectionFields>;
  #row = 0;
  #ports!: OpenedPorts;

  /** @param ports of the records */
  moveTo(table: RecordTable<ConnectionFields>, row: number, ports: OpenedPorts): void {
    this.#table = table;
    this.#row = row;
    this.#ports = ports;
    this.inode = 0;
  }

  get family(): Family {
    return this.#number('family') === AF_INET6 ? 'inet6' : 'inet';
  }
  get state(): number {
    const state = this.#number('newState');
    return state === TCP_STATE.CLOSE ? this.#number('oldState') : state;
  }
  get localPort(): number {
    return this.#ports.of(this.#row);
  }
  get peerPort(): number {
    return this.#number('peerPort');
  }
  override localWord(index: 0 | 1 | 2 | 3): number {
    return this.#word('local', index);
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return this.#word('peer', index);
  }
  override get cookieLow(): number {
    return this.#number('cookie') % 2 ** 32;
  }
  override get cookieHigh(): number {
    return Math.floor(this.#number('cookie') / 2 ** 32);
  }
  override get interfaceIndex(): number {
    return this.#number('interfaceIndex');
  }
  /** Undefined before the end of the connection. */
  get receiveQueue(): number | undefined {
    return this.#isOver ? (this.#number('receivedUpTo') - this.#number('readUpTo')) >>> 0 : undefined;
  }
  get sendQueue(): undefined {
    return undefined;
  }
  get uid(): undefined {
    return undefined;
  }
  override tcpInfo(): TcpInfo | undefined {
    if (!this.#isOver) return undefined;
    const info: TcpInfo = {};
    for (const field of FIELDS) {
      const value = this.tcpInfoNumber(field);
      if (value !== undefined) info[field] = value;
    }
    return info;
  }
  override tcpInfoNumber(field: TcpInfoNumber): number | undefined {
    if (!this.#isOver) return undefined;
    switch (field) {
      case 'bytesSent':
        return this.#number('bytesSent');
      case 'bytesRetransmitted':
        return this.#number('bytesRetransmitted');
      case 'bytesReceived':
        return this.#number('bytesReceived');
      case 'totalRetrans':
        return this.#number('retransmits');
      case 'rttUs':
        return this.#number('roundTrip8Us') >>> 3;
      case 'lastSentMs':
        return this.#sinceMs('lastSent');
      case 'lastReceivedMs':
        return this.#sinceMs('lastReceived');
      case 'lastAckReceivedMs':
        return this.#sinceMs('lastAcknowledged');
      default:
        return undefined;
    }
  }

  get #isOver(): boolean {
    return this.#number('newState') === TCP_STATE.CLOSE;
  }

  /** Undefined without a handshake: the kernel's times are then those since the boot. */
  #sinceMs(field: 'lastSent' | 'lastReceived' | 'lastAcknowledged'): number | undefined {
    if (this.#number('oldState') === TCP_STATE.SYN_SENT) return undefined;
    const jiffies = this.#number('jiffies');
    const since = ((jiffies % 2 ** 32) - this.#number(field)) >>> 0;
    return Math.round((since * 1000) / tickRate(jiffies, this.#number('timeNs')));
  }

  #number(field: NumberField): number {
    return this.#table.column(field)[this.#row] ?? 0;
  }

  #word(side: 'local' | 'peer', index: number): number {
    const bytes = this.#table.column(side);
    const at = this.#row * 16 + index * 4;
    return (
      (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>>
      0
    );
  }
}

/** Fields of a record that are one number. */
type NumberField = Exclude<keyof ConnectionFields & string, 'name' | 'local' | 'peer'>;

/** The TCP information that a record has. */
const FIELDS = [
  ...(['rttUs', 'bytesSent', 'bytesReceived', 'bytesRetransmitted', 'totalRetrans'] as const),
  ...(['lastSentMs', 'lastReceivedMs', 'lastAckReceivedMs'] as const),
] as const;
