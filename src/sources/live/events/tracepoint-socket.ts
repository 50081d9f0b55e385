import type { ConnectionFields } from '../../../bpf/programs/connection-events.ts';
import type { RecordTable } from '../../../bpf/record-table.ts';
import { BaseSocketView } from '../../../model/socket/base-socket-view.ts';
import type { Family } from '../../../model/socket/socket-view.ts';
import type { TcpInfo, TcpInfoNumber } from '../../../model/socket/tcp-info.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import type { OpenedPorts } from './opened-ports.ts';
import { addressWord } from './record-address.ts';
import { tickRate } from './tick-rate.ts';

const AF_INET6 = 10;

/** View of the socket of a record. At the end of a connection it is as before: its state is the one that it left. */
export class TracepointSocket extends BaseSocketView {
  readonly proto = 'tcp';
  inode = 0;
  #table: RecordTable<ConnectionFields> | undefined;
  #columns!: EventColumns;
  #ends: EndColumns | undefined;
  #row = 0;
  #ports!: OpenedPorts;

  /** @param ports of the records */
  moveTo(table: RecordTable<ConnectionFields>, row: number, ports: OpenedPorts): void {
    if (table !== this.#table) {
      this.#table = table;
      this.#columns = eventColumns(table);
      this.#ends = undefined;
    }
    this.#row = row;
    this.#ports = ports;
    this.inode = 0;
  }

  /** CLOCK_MONOTONIC, nanoseconds. */
  get timeNs(): number {
    return this.#columns.timeNs[this.#row] ?? 0;
  }
  /** The state that it left. */
  get oldState(): number {
    return this.#columns.oldState[this.#row] ?? 0;
  }
  /** `sk_err`; 0 for none. */
  get error(): number {
    return this.#columns.error[this.#row] ?? 0;
  }
  /** Whether a process has it: false in the accept queue of a listener. */
  get isHeld(): boolean {
    return this.#columns.holder[this.#row] !== 0;
  }

  get family(): Family {
    return this.#columns.family[this.#row] === AF_INET6 ? 'inet6' : 'inet';
  }
  get state(): number {
    const state = this.#columns.newState[this.#row] ?? 0;
    return state === TCP_STATE.CLOSE ? this.oldState : state;
  }
  get localPort(): number {
    return this.#ports.of(this.#row);
  }
  get peerPort(): number {
    return this.#columns.peerPort[this.#row] ?? 0;
  }
  override localWord(index: 0 | 1 | 2 | 3): number {
    return addressWord(this.#columns.local, this.#row, index);
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return addressWord(this.#columns.peer, this.#row, index);
  }
  override get cookieLow(): number {
    return (this.#columns.cookie[this.#row] ?? 0) % 2 ** 32;
  }
  override get cookieHigh(): number {
    return Math.floor((this.#columns.cookie[this.#row] ?? 0) / 2 ** 32);
  }
  override get interfaceIndex(): number {
    return this.#table?.column('interfaceIndex')[this.#row] ?? 0;
  }
  override cgroupId(): bigint | undefined {
    return cgroupIdOf(this.cgroup);
  }
  /** Its id as a number; 0 where the kernel does not tell. */
  get cgroup(): number {
    return this.#table?.column('cgroup')[this.#row] ?? 0;
  }
  /** Undefined before the end of the connection. */
  get receiveQueue(): number | undefined {
    if (!this.#isOver) return undefined;
    const { receivedUpTo, readUpTo } = this.#end;
    return ((receivedUpTo[this.#row] ?? 0) - (readUpTo[this.#row] ?? 0)) >>> 0;
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
        return this.#end.bytesSent[this.#row];
      case 'bytesRetransmitted':
        return this.#end.bytesRetransmitted[this.#row];
      case 'bytesReceived':
        return this.#end.bytesReceived[this.#row];
      case 'totalRetrans':
        return this.#end.retransmits[this.#row];
      case 'rttUs':
        return (this.#end.roundTrip8Us[this.#row] ?? 0) >>> 3;
      case 'lastSentMs':
        return this.#sinceMs(this.#end.lastSent);
      case 'lastReceivedMs':
        return this.#sinceMs(this.#end.lastReceived);
      case 'lastAckReceivedMs':
        return this.#sinceMs(this.#end.lastAcknowledged);
      default:
        return undefined;
    }
  }

  get #isOver(): boolean {
    return this.#columns.newState[this.#row] === TCP_STATE.CLOSE;
  }

  /** Undefined without a handshake: the kernel's times are then those since the boot. */
  #sinceMs(at: Uint32Array): number | undefined {
    if (this.oldState === TCP_STATE.SYN_SENT) return undefined;
    const { jiffies, rate } = this.#end;
    const since = (((jiffies[this.#row] ?? 0) % 2 ** 32) - (at[this.#row] ?? 0)) >>> 0;
    return Math.round((since * 1000) / rate);
  }

  get #end(): EndColumns {
    this.#ends ??= endColumns(this.#table as RecordTable<ConnectionFields>, this.#row);
    return this.#ends;
  }
}

/** The id of a cgroup in a record, of which 0 is none. */
export function cgroupIdOf(id: number): bigint | undefined {
  return id === 0 ? undefined : BigInt(id);
}

/** Columns that every event is asked for. To find a column in its table takes longer than to read it. */
type EventColumns = ReturnType<typeof eventColumns>;

function eventColumns(table: RecordTable<ConnectionFields>) {
  return {
    timeNs: table.column('timeNs'),
    oldState: table.column('oldState'),
    newState: table.column('newState'),
    error: table.column('error'),
    holder: table.column('holder'),
    family: table.column('family'),
    peerPort: table.column('peerPort'),
    local: table.column('local'),
    peer: table.column('peer'),
    cookie: table.column('cookie'),
  };
}

/** Columns that only the end of a connection is asked for, and how many jiffies are a second. */
type EndColumns = ReturnType<typeof endColumns>;

function endColumns(table: RecordTable<ConnectionFields>, row: number) {
  const jiffies = table.column('jiffies');
  return {
    jiffies,
    rate: tickRate(jiffies[row] ?? 0, table.column('timeNs')[row] ?? 0),
    lastSent: table.column('lastSent'),
    lastReceived: table.column('lastReceived'),
    lastAcknowledged: table.column('lastAcknowledged'),
    bytesSent: table.column('bytesSent'),
    bytesReceived: table.column('bytesReceived'),
    bytesRetransmitted: table.column('bytesRetransmitted'),
    retransmits: table.column('retransmits'),
    roundTrip8Us: table.column('roundTrip8Us'),
    receivedUpTo: table.column('receivedUpTo'),
    readUpTo: table.column('readUpTo'),
  };
}

/** The TCP information that a record has. */
const FIELDS = [
  ...(['rttUs', 'bytesSent', 'bytesReceived', 'bytesRetransmitted', 'totalRetrans'] as const),
  ...(['lastSentMs', 'lastReceivedMs', 'lastAckReceivedMs'] as const),
] as const;
