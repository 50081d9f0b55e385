import type { EndedConnection, Outcome, Remembered } from '../model/ended.ts';
import type { Address } from '../model/interned-address.ts';
import type { RecordedEnd } from '../model/recorded.ts';
import type { Endpoint } from '../model/socket-row.ts';
import type { Proto } from '../model/socket-view.ts';
import { type Columns, ColumnsReader } from './cells.ts';
import { COUNTED } from './ended-columns.ts';
import { FAMILIES, OUTCOMES, PROTOS } from './words.ts';

/** Reads what `toEndedColumns` laid out. @param addressOf makes an address from its text */
export function fromEndedColumns(columns: Columns, atMs: number, addressOf: (text: string) => Address): EndedRow[] {
  const reader = new ColumnsReader(columns);
  return reader.sums('cookie').map((cookie, row) => new EndedRow(reader, row, cookie, atMs, addressOf));
}

/** A connection that ended, read out of columns as far as it is asked for: who only counts needs little of it. */
export class EndedRow implements RecordedEnd {
  readonly #reader: ColumnsReader;
  readonly #row: number;
  readonly #cookie: number;
  readonly #lineMs: number;
  readonly #addressOf: (text: string) => Address;
  #connection: EndedConnection | undefined;

  constructor(
    reader: ColumnsReader,
    row: number,
    cookie: number,
    lineMs: number,
    addressOf: (text: string) => Address,
  ) {
    this.#reader = reader;
    this.#row = row;
    this.#cookie = cookie;
    this.#lineMs = lineMs;
    this.#addressOf = addressOf;
  }

  get netns(): number {
    return this.#reader.number('netns', this.#row) ?? 0;
  }
  get state(): number {
    return this.#reader.number('state', this.#row) ?? 0;
  }
  /** When it ended, milliseconds since the epoch. */
  get atMs(): number {
    return this.#lineMs - (this.#reader.number('before', this.#row) ?? 0);
  }
  get proto(): Proto {
    return this.#reader.word('proto', this.#row, PROTOS);
  }
  get outcome(): Outcome {
    return this.#reader.word('outcome', this.#row, OUTCOMES);
  }
  get role(): 'client' | 'server' | undefined {
    const role = this.#reader.text('role', this.#row);
    return role === 'client' || role === 'server' ? role : undefined;
  }
  get container(): string | undefined {
    return this.#reader.text('container', this.#row);
  }

  get connection(): EndedConnection {
    this.#connection ??= this.#readConnection();
    return this.#connection;
  }

  /** Undefined where no dump had it. */
  get remembered(): Remembered | undefined {
    const seen = this.#reader.number('seen', this.#row);
    if (seen === undefined) return undefined;
    const notSeen = this.#reader.number('notSeen', this.#row);
    const process = this.#process;
    const { atMs, container } = this;
    return {
      firstSeenMs: atMs - seen,
      ...(notSeen !== undefined && { notBeforeMs: atMs - notSeen }),
      ...{ state: this.state, inode: this.#reader.number('inode', this.#row) ?? 0 },
      ...{ localPort: this.#port('local'), peerPort: this.#port('peer') },
      ...{ local: this.#address('local').words, peer: this.#address('peer').words },
      ...(process !== undefined && { process }),
      ...(container !== undefined && { container }),
    };
  }

  #readConnection(): EndedConnection {
    const atMostMs = this.#reader.number('atMostMs', this.#row);
    const connection: EndedConnection = {
      at: new Date(this.atMs),
      target: this.#reader.text('target', this.#row) ?? '',
      proto: this.proto,
      family: this.#reader.word('family', this.#row, FAMILIES),
      local: this.#endpoint('local'),
      peer: this.#endpoint('peer'),
      lifetime: {
        atLeastMs: this.#reader.number('atLeastMs', this.#row) ?? 0,
        ...(atMostMs !== undefined && { atMostMs }),
      },
      outcome: this.outcome,
      cookie: this.#cookie.toString(16),
    };
    const { role, container } = this;
    if (role !== undefined) connection.role = role;
    const process = this.#process;
    if (process !== undefined) connection.process = process;
    if (container !== undefined) connection.container = container;
    for (const name of COUNTED) {
      const value = this.#reader.number(name, this.#row);
      if (value !== undefined) connection[name] = value;
    }
    return connection;
  }

  get #process(): { pid: number; name: string } | undefined {
    const pid = this.#reader.number('pid', this.#row);
    return pid === undefined ? undefined : { pid, name: this.#reader.text('process', this.#row) ?? '' };
  }

  #endpoint(side: 'local' | 'peer'): Endpoint {
    const endpoint: Endpoint = { address: this.#address(side).text, port: this.#port(side) };
    const name = this.#reader.text(`${side}Name`, this.#row);
    const service = this.#reader.text(`${side}Service`, this.#row);
    if (name !== undefined) endpoint.name = name;
    if (service !== undefined) endpoint.service = service;
    return endpoint;
  }

  #address(side: 'local' | 'peer'): Address {
    return this.#addressOf(this.#reader.text(side, this.#row) ?? '');
  }

  #port(side: 'local' | 'peer'): number {
    return this.#reader.number(`${side}Port`, this.#row) ?? 0;
  }
}
