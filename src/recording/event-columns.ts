import { microseconds } from '../base/duration.ts';
import type { ConnectionEventRecord } from '../model/socket/connection-event.ts';
import { CellsWriter, type Columns, differences } from './cells.ts';
import { HoldersWriter } from './holder-columns.ts';

/** Numeric fields of an event that can be absent; the columns have the same names. */
export const OPTIONAL_NUMBERS = [
  'bytesSent',
  'bytesReceived',
  'rttUs',
  'retransmits',
  'latencyUs',
  'acceptWaitUs',
] as const;

/** As {@link OPTIONAL_NUMBERS}, for the fields that exist in recordings with `fullEvents` only. */
export const FULL_EVENT_NUMBERS = [
  'receiveQueue',
  'interfaceIndex',
  'lastSentMs',
  'lastReceivedMs',
  'lastAckReceivedMs',
] as const;

/** Fields of an event as they are, in the order of a line; before them `cookie`, `netns` and `before`. */
const FIELDS = [
  ...(['target', 'proto', 'family', 'event', 'source', 'outcome', 'errno', 'closedBy', 'role'] as const),
  ...(['local', 'localPort', 'localName', 'localService', 'peer', 'peerPort', 'peerName', 'peerService'] as const),
] as const;
const MORE_FIELDS = ['container', 'atLeastMs', 'atMostMs', ...OPTIONAL_NUMBERS, 'state'] as const;
/** Facts from dumps; absent where none had the connection. */
const REMEMBERED_FIELDS = ['seen', 'notSeen', 'inode', ...FULL_EVENT_NUMBERS] as const;

type Field = (typeof FIELDS | typeof MORE_FIELDS | typeof REMEMBERED_FIELDS)[number];

/**
 * Encodes connection events in columns as they come: of thousands of events a second no object is left when their tick
 * is written.
 */
export class EventColumnsWriter {
  readonly #cookies: number[] = [];
  readonly #timesMs: number[] = [];
  /** How many connections a row stands for, where that is more than one. */
  readonly #counts = new Map<number, number>();
  readonly #netns = new CellsWriter();
  readonly #holders = new HoldersWriter();
  readonly #fields = Object.fromEntries(
    [...FIELDS, ...MORE_FIELDS, ...REMEMBERED_FIELDS].map((name) => [name, new CellsWriter()]),
  ) as Record<Field, CellsWriter>;
  /** Names of peers, by their addresses as they were written. */
  readonly peerNames = new Map<string, string>();

  /** Number of events. */
  get length(): number {
    return this.#cookies.length;
  }

  /** Adds an event. @returns its row */
  add(event: ConnectionEventRecord): number {
    const { cookie, outcome, source, local, peer, lifetime, remembered, atMs, count = 1 } = event;
    const fields = this.#fields;
    const row = this.length;
    if (count > 1) this.#counts.set(row, count);
    this.#cookies.push(cookie === undefined ? 0 : Number.parseInt(cookie, 16));
    this.#timesMs.push(atMs);
    this.#netns.add(event.netns);
    fields.target.add(event.target);
    fields.proto.add(event.proto);
    fields.family.add(event.family);
    // What the outcome does not tell.
    fields.event.add(outcome === undefined ? event.event : undefined);
    fields.source.add(source === 'sock_diag' ? undefined : source);
    fields.outcome.add(outcome);
    fields.errno.add(event.errno);
    fields.closedBy.add(event.closedBy);
    fields.role.add(event.role);
    fields.local.add(local.address);
    fields.localPort.add(local.port || undefined);
    fields.localName.add(local.name);
    fields.localService.add(local.service);
    fields.peer.add(peer.address);
    fields.peerPort.add(peer.port || undefined);
    fields.peerName.add(peer.name);
    fields.peerService.add(peer.service);
    if (peer.name !== undefined) this.peerNames.set(peer.address, peer.name);
    this.#holders.add(event.processes);
    fields.container.add(event.container);
    fields.atLeastMs.add(lifetime?.atLeastMs || undefined);
    fields.atMostMs.add(lifetime?.atMostMs);
    for (const name of OPTIONAL_NUMBERS) fields[name].add(event[name]);
    fields.state.add(event.state);
    fields.seen.add(remembered && microseconds(atMs - remembered.firstSeenMs));
    const notBeforeMs = remembered?.notBeforeMs;
    fields.notSeen.add(notBeforeMs === undefined ? undefined : microseconds(atMs - notBeforeMs));
    fields.inode.add(remembered?.inode || undefined);
    for (const name of FULL_EVENT_NUMBERS) fields[name].add(event[name]);
    return row;
  }

  /** Counts another event with the one of a row. */
  addAlike(row: number): void {
    this.#counts.set(row, (this.#counts.get(row) ?? 1) + 1);
  }

  /** The columns. @param atMs time of the line: other times are written as the difference to it */
  columns(atMs: number): Columns {
    const columns: Columns = { cookie: differences(this.#cookies) };
    const set = (name: string, { column }: Pick<CellsWriter, 'column'>) => {
      if (column !== undefined) columns[name] = column;
    };
    set('netns', this.#netns);
    const before = new CellsWriter();
    for (const ms of this.#timesMs) before.add(microseconds(atMs - ms));
    set('before', before);
    for (const name of FIELDS) set(name, this.#fields[name]);
    Object.assign(columns, this.#holders.columns());
    for (const name of [...MORE_FIELDS, ...REMEMBERED_FIELDS]) set(name, this.#fields[name]);
    const counts = new CellsWriter();
    for (let row = 0; row < this.length; row++) counts.add(this.#counts.get(row));
    set('count', counts);
    return columns;
  }
}
