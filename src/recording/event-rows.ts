import { microseconds } from '../base/duration.ts';
import { errnoOfName } from '../base/errno.ts';
import { BaseSocketView } from '../model/socket/base-socket-view.ts';
import type {
  ConnectionEvent,
  ConnectionEventRecord,
  ConnectionEventRow,
  EventKind,
  EventSource,
  Outcome,
  Remembered,
} from '../model/socket/connection-event.ts';
import { EVENT_SOURCES, isFailure } from '../model/socket/connection-event.ts';
import type { Address } from '../model/socket/interned-address.ts';
import { type Holder, valueAt } from '../model/socket/socket-columns.ts';
import type { Endpoint } from '../model/socket/socket-row.ts';
import type { Family, Proto } from '../model/socket/socket-view.ts';
import type { TcpInfo, TcpInfoNumber } from '../model/socket/tcp-info.ts';
import { type Columns, ColumnsReader } from './cells.ts';
import { FAMILIES, OUTCOMES, PROTOS } from './enumerations.ts';
import { FULL_EVENT_NUMBERS, OPTIONAL_NUMBERS } from './event-columns.ts';
import { holdersFrom } from './holder-columns.ts';

/** Decodes the columns of `EventColumnsWriter`. @param addressOf makes an address from its text */
export function fromEventColumns(
  columns: Columns,
  atMs: number,
  addressOf: (text: string) => Address,
): RecordedConnectionEvent[] {
  const reader = new ColumnsReader(columns);
  const cookies = reader.sums('cookie');
  const holders = holdersFrom(columns, cookies.length);
  return cookies.map(
    (cookie, row) => new RecordedConnectionEvent(reader, row, cookie, atMs, addressOf, valueAt(holders, row) ?? []),
  );
}

/** A connection event of a recording. Decodes a field when it is read, because counting needs few of them. Stays valid, unlike a live one. */
export class RecordedConnectionEvent implements ConnectionEvent {
  /** Whether {@link row} has the names of addresses and ports. */
  hasNames = true;
  readonly #reader: ColumnsReader;
  readonly #row: number;
  readonly #cookie: number;
  readonly #lineMs: number;
  readonly #addressOf: (text: string) => Address;
  readonly processes: readonly Holder[];
  #socket: RecordedClosedView | undefined;

  constructor(
    reader: ColumnsReader,
    row: number,
    cookie: number,
    lineMs: number,
    addressOf: (text: string) => Address,
    processes: readonly Holder[],
  ) {
    this.processes = processes;
    this.#reader = reader;
    this.#row = row;
    this.#cookie = cookie;
    this.#lineMs = lineMs;
    this.#addressOf = addressOf;
  }

  /** Inode of its network namespace. */
  get netns(): number {
    return this.number('netns') ?? 0;
  }
  get state(): number {
    return this.number('state') ?? 0;
  }
  get count(): number | undefined {
    const count = this.number('count');
    return count !== undefined && Number.isSafeInteger(count) && count > 1 ? count : undefined;
  }
  get latencyUs(): number | undefined {
    return this.number('latencyUs');
  }
  get acceptWaitUs(): number | undefined {
    return this.number('acceptWaitUs');
  }
  get atMs(): number {
    return microseconds(this.#lineMs - (this.number('before') ?? 0));
  }
  get proto(): Proto {
    return this.#reader.word('proto', this.#row, PROTOS);
  }
  get family(): Family {
    return this.#reader.word('family', this.#row, FAMILIES);
  }
  get kind(): EventKind {
    const { outcome } = this;
    if (outcome !== undefined) return isFailure(outcome) ? 'failed' : 'closed';
    return this.#text('event') === 'opened' ? 'opened' : 'established';
  }
  get source(): EventSource {
    return this.#reader.word('source', this.#row, EVENT_SOURCES);
  }
  get outcome(): Outcome | undefined {
    if (this.#text('event') !== undefined) return undefined;
    return this.#reader.word('outcome', this.#row, OUTCOMES);
  }
  get errno(): number | undefined {
    const name = this.#text('errno');
    return name === undefined ? undefined : errnoOfName(name);
  }
  get closedBy(): 'local' | 'peer' | undefined {
    const side = this.#text('closedBy');
    return side === 'local' || side === 'peer' ? side : undefined;
  }
  get openedAtMs(): number | undefined {
    const latencyUs = this.number('latencyUs');
    if (latencyUs !== undefined) return this.atMs - latencyUs / 1000;
    const ms = this.number('atMostMs');
    return this.source === 'tracepoint' && ms === this.number('atLeastMs') && ms !== undefined
      ? this.atMs - ms
      : undefined;
  }
  get role(): 'client' | 'server' | undefined {
    const role = this.#text('role');
    return role === 'client' || role === 'server' ? role : undefined;
  }
  get container(): string | undefined {
    return this.#text('container');
  }
  get socket(): RecordedClosedView {
    this.#socket ??= new RecordedClosedView(this, this.#cookie);
    return this.#socket;
  }

  get remembered(): Remembered | undefined {
    const seen = this.number('seen');
    if (seen === undefined) return undefined;
    const notSeen = this.number('notSeen');
    const { atMs, container } = this;
    const remembered: Remembered = {
      firstSeenMs: atMs - seen,
      state: this.state,
      inode: this.number('inode') ?? 0,
      localPort: this.port('local'),
      peerPort: this.port('peer'),
      local: this.address('local').words,
      peer: this.address('peer').words,
    };
    if (notSeen !== undefined) remembered.notBeforeMs = atMs - notSeen;
    if (this.processes.length > 0) remembered.holders = this.processes;
    if (container !== undefined) remembered.container = container;
    return remembered;
  }

  row(): ConnectionEventRow {
    const row: ConnectionEventRow = {
      event: this.kind,
      at: new Date(Math.floor(this.atMs)),
      target: this.#text('target') ?? '',
      proto: this.proto,
      family: this.family,
      local: this.#endpoint('local'),
      peer: this.#endpoint('peer'),
      source: this.source,
    };
    const { role, container, outcome, count } = this;
    if (count !== undefined) row.count = count;
    if (outcome !== undefined) {
      row.outcome = outcome;
      const atMostMs = this.number('atMostMs');
      if (this.number('latencyUs') === undefined)
        row.lifetime = { atLeastMs: this.number('atLeastMs') ?? 0, ...(atMostMs !== undefined && { atMostMs }) };
    }
    if (this.#cookie !== 0) row.cookie = this.#cookie.toString(16);
    if (role !== undefined) row.role = role;
    if (this.processes.length > 0) row.processes = this.processes;
    const errno = this.#text('errno');
    if (errno !== undefined) row.errno = errno;
    const { closedBy } = this;
    if (closedBy !== undefined) row.closedBy = closedBy;
    if (container !== undefined) row.container = container;
    for (const name of OPTIONAL_NUMBERS) {
      const value = this.number(name);
      if (value !== undefined) row[name] = value;
    }
    return row;
  }

  record(): ConnectionEventRecord {
    const record: ConnectionEventRecord = { ...this.row(), atMs: this.atMs, netns: this.netns, state: this.state };
    const { remembered } = this;
    if (remembered !== undefined) record.remembered = remembered;
    for (const name of FULL_EVENT_NUMBERS) {
      const value = this.number(name);
      if (value !== undefined) record[name] = value;
    }
    return record;
  }

  /** A number in a column; undefined where absent. */
  number(column: string): number | undefined {
    return this.#reader.number(column, this.#row);
  }

  /** Address of a side; 0.0.0.0 where absent. */
  address(side: 'local' | 'peer'): Address {
    return this.#addressOf(this.#text(side) ?? '');
  }

  /** Port of a side; 0 for none. */
  port(side: 'local' | 'peer'): number {
    return this.number(`${side}Port`) ?? 0;
  }

  #endpoint(side: 'local' | 'peer'): Endpoint {
    const endpoint: Endpoint = { address: this.address(side).text, port: this.port(side) };
    if (!this.hasNames) return endpoint;
    const name = this.#text(`${side}Name`);
    const service = this.#text(`${side}Service`);
    if (name !== undefined) endpoint.name = name;
    if (service !== undefined) endpoint.service = service;
    return endpoint;
  }

  #text(column: string): string | undefined {
    return this.#reader.text(column, this.#row);
  }
}

/** Columns by the field of the TCP information that they have. `bytesSent` is without retransmissions here. */
const INFO: Readonly<Partial<Record<TcpInfoNumber, string>>> = {
  bytesSent: 'bytesSent',
  bytesReceived: 'bytesReceived',
  rttUs: 'rttUs',
  totalRetrans: 'retransmits',
  lastSentMs: 'lastSentMs',
  lastReceivedMs: 'lastReceivedMs',
  lastAckReceivedMs: 'lastAckReceivedMs',
};

/** View of a recorded closed connection as a socket. A field that is not in the file is unknown. */
class RecordedClosedView extends BaseSocketView {
  readonly #closed: RecordedConnectionEvent;
  readonly #cookie: number;

  constructor(closed: RecordedConnectionEvent, cookie: number) {
    super();
    this.#closed = closed;
    this.#cookie = cookie;
  }

  get proto(): Proto {
    return this.#closed.proto;
  }
  get family(): Family {
    return this.#closed.family;
  }
  get state(): number {
    return this.#closed.state;
  }
  get inode(): number {
    return this.#closed.number('inode') ?? 0;
  }
  get localPort(): number {
    return this.#closed.port('local');
  }
  get peerPort(): number {
    return this.#closed.port('peer');
  }
  override localWord(index: 0 | 1 | 2 | 3): number {
    return this.#closed.address('local').words[index] ?? 0;
  }
  override peerWord(index: 0 | 1 | 2 | 3): number {
    return this.#closed.address('peer').words[index] ?? 0;
  }
  get receiveQueue(): number | undefined {
    return this.#closed.number('receiveQueue');
  }
  get sendQueue(): undefined {
    return undefined;
  }
  get uid(): undefined {
    return undefined;
  }
  override get interfaceIndex(): number | undefined {
    return this.#closed.number('interfaceIndex');
  }
  override get cookieLow(): number {
    return this.#cookie >>> 0;
  }
  override get cookieHigh(): number {
    return Math.floor(this.#cookie / 2 ** 32);
  }
  override tcpInfo(): TcpInfo | undefined {
    const info: TcpInfo = {};
    for (const name in INFO) {
      const field = name as TcpInfoNumber;
      const value = this.tcpInfoNumber(field);
      if (value !== undefined) info[field] = value;
    }
    return info;
  }
  override tcpInfoNumber(field: TcpInfoNumber): number | undefined {
    const column = INFO[field];
    return column === undefined ? undefined : this.#closed.number(column);
  }
}
