import { microseconds } from '../../../base/duration.ts';
import type { PacketFields } from '../../../bpf/programs/packet-events.ts';
import { PACKET_KINDS } from '../../../bpf/programs/packet-events.ts';
import type { RecordTable } from '../../../bpf/record-table.ts';
import type { Owner } from '../../../collect/owners/netns-owners.ts';
import type { PacketEvent, PacketEventKind, PacketEventRow } from '../../../model/socket/packet-event.ts';
import type { Holder } from '../../../model/socket/socket-columns.ts';
import { stateName, TCP_STATE, type TcpStateName } from '../../../model/socket/tcp-state.ts';
import type { NetnsReader } from '../netns-reader.ts';
import type { EndpointNames } from './endpoint-names.ts';
import { containerOf, type OwnerClues, processesOf } from './event-owner.ts';
import type { Opening } from './openings.ts';
import { PacketSocket } from './packet-socket.ts';

const KINDS: readonly PacketEventKind[] = PACKET_KINDS;
/** Of `udphdr.len`. */
const UDP_HEADER_BYTES = 8;
/** The kernel's reason for a datagram that nobody receives. */
const NO_SOCKET = 'NO_SOCKET';

/** The kernel's names for reasons, by their numbers. */
export interface ReasonNames {
  reset: ReadonlyMap<number, string>;
  drop: ReadonlyMap<number, string>;
}

/** What is known of an open connection by its cookie; undefined where its opening was not seen. */
export type OpeningOf = (namespace: NetnsReader, cookie: number) => Opening | undefined;

/** A packet event of a record. */
export class LivePacketEvent implements PacketEvent, OwnerClues {
  kind: PacketEventKind = 'retransmitted';
  readonly socket = new PacketSocket();
  atMs = 0;
  reason: string | undefined;
  bytes: number | undefined;
  segments: number | undefined;
  readonly #names: EndpointNames;
  readonly #reasons: ReasonNames;
  readonly #openingOf: OpeningOf;
  #namespace!: NetnsReader;
  #found: Opening | undefined | 'unknown' = 'unknown';
  #remembered: OwnerClues['remembered'] | 'unknown' = 'unknown';

  constructor(names: EndpointNames, reasons: ReasonNames, openingOf: OpeningOf) {
    this.#names = names;
    this.#reasons = reasons;
    this.#openingOf = openingOf;
  }

  get proto(): 'tcp' | 'udp' {
    return this.socket.proto;
  }

  /** @param bootMs what CLOCK_MONOTONIC 0 is in milliseconds since the epoch */
  moveTo(namespace: NetnsReader, table: RecordTable<PacketFields>, row: number, bootMs: number): this {
    const number = (field: 'kind' | 'reason' | 'bytes' | 'segments' | 'length' | 'timeNs') =>
      table.column(field)[row] ?? 0;
    this.#namespace = namespace;
    this.#found = 'unknown';
    this.#remembered = 'unknown';
    this.kind = KINDS[number('kind')] ?? 'retransmitted';
    const isDatagram = this.kind === 'dropped';
    this.socket.moveTo(table, row, isDatagram ? 'udp' : 'tcp');
    this.atMs = microseconds(bootMs + number('timeNs') / 1e6);
    const { reset, drop } = this.#reasons;
    this.reason = isDatagram
      ? drop.get(number('reason'))
      : this.kind === 'reset-sent'
        ? reset.get(number('reason'))
        : undefined;
    const isAgain = this.kind === 'retransmitted';
    this.bytes = isDatagram ? Math.max(0, number('length') - UDP_HEADER_BYTES) : isAgain ? number('bytes') : undefined;
    this.segments = isAgain ? number('segments') : undefined;
    return this;
  }

  get isServer(): boolean {
    const opening = this.#opening;
    if (opening !== undefined) return !opening.isAttempt;
    return this.proto === 'tcp' && this.#namespace.roles.ofClosed(this.socket) === 'server';
  }

  get processes(): readonly Holder[] {
    return processesOf(this.#namespace, this);
  }

  get container(): string | undefined {
    this.socket.cgroup = this.#opening?.cgroup ?? 0;
    return containerOf(this.#namespace, this);
  }

  get opener(): Owner | undefined {
    return this.#opening?.process;
  }

  /** Of a datagram, what is known of its receiver. */
  get remembered(): OwnerClues['remembered'] {
    if (this.#remembered === 'unknown')
      this.#remembered = this.proto === 'udp' ? this.#receiver() : this.#namespace.rememberedOf(this.socket);
    return this.#remembered;
  }

  row(): PacketEventRow {
    const { socket, proto, processes, container, reason, bytes, segments } = this;
    const state = stateOf(socket.state);
    return {
      event: this.kind,
      at: new Date(Math.floor(this.atMs)),
      target: this.#namespace.handle.target.name,
      proto,
      family: socket.family,
      local: this.#names.local(socket),
      peer: this.#names.peer(socket),
      ...(state !== undefined && { state }),
      ...(proto === 'tcp' && { role: this.isServer ? 'server' : 'client' }),
      ...(reason !== undefined && { reason }),
      ...(bytes !== undefined && { bytes }),
      ...(segments !== undefined && { segments }),
      ...(processes.length > 0 && { processes: processes.map(({ pid, name }) => ({ pid, name })) }),
      ...(container !== undefined && { container }),
    };
  }

  get #opening(): Opening | undefined {
    if (this.#found === 'unknown')
      this.#found = this.socket.cookie === 0 ? undefined : this.#openingOf(this.#namespace, this.socket.cookie);
    return this.#found;
  }

  #receiver(): OwnerClues['remembered'] {
    // The last dump may have had a socket there.
    if (this.reason === NO_SOCKET) return undefined;
    const holders = this.#namespace.receiversOf(this.socket);
    const container = this.#namespace.owners.containerOf(holders);
    return { holders, ...(container !== undefined && { container }) };
  }
}

/** A connection that its process discards is in CLOSE by then, which says nothing. */
function stateOf(state: number): TcpStateName | undefined {
  return state === 0 || state === TCP_STATE.CLOSE ? undefined : (stateName(state) as TcpStateName);
}
