import { BtfError, type KernelTypes } from '../../../bpf/kernel-types.ts';
import {
  droppedDatagramProgram,
  PACKET_RECORD,
  type PacketFields,
  REASONS,
  receivedResetProgram,
  retransmitProgram,
  sentResetProgram,
} from '../../../bpf/programs/packet-events.ts';
import type { Machine } from '../../../collect/machine.ts';
import { BpfError } from '../../../kernel/bpf/bpf-error.ts';
import { withKernelTypes } from '../../../kernel/bpf/kernel-types.ts';
import type { SystemCalls } from '../../../kernel/system-calls.ts';
import type { Names } from '../../../model/names.ts';
import type { PacketEvent, PacketEventKind } from '../../../model/socket/packet-event.ts';
import type { NetnsReader } from '../netns-reader.ts';
import { bootMs } from './boot-time.ts';
import { EndpointNames } from './endpoint-names.ts';
import { LivePacketEvent, type OpeningOf, type ReasonNames } from './live-packet-event.ts';
import { type ProgramMaker, WatchedPrograms } from './watched-programs.ts';

/** What 13,000 events write: those of a tenth of a second are read together. */
const RING_BYTES = 1024 * 1024;

/** The programs of each kind of events, and what is lost without them. */
const KINDS: Readonly<Record<PacketEventKind, { programs: readonly ProgramMaker[]; lost: string }>> = {
  retransmitted: { programs: [retransmitProgram], lost: 'retransmissions are not seen' },
  'reset-sent': {
    programs: [
      (types, maps) => sentResetProgram(types, maps, 'answer'),
      (types, maps) => sentResetProgram(types, maps, 'abort'),
    ],
    lost: 'resets that were sent are not seen',
  },
  'reset-received': { programs: [receivedResetProgram], lost: 'resets that were received are not seen' },
  dropped: { programs: [droppedDatagramProgram], lost: 'dropped datagrams are not seen' },
};

/** What {@link PacketStream.drain} hands over. */
export interface PacketStreamSink {
  /** The event is valid until the next. */
  event(namespace: NetnsReader, event: PacketEvent): void;
  /** Events of this namespace were lost since the last call. @param count of events; undefined where unknown */
  lost(namespace: NetnsReader, count: number | undefined): void;
}

/** Packet events of several namespaces, of the kinds that the kernel can tell. */
export class PacketStream {
  /** The kinds that are received. */
  readonly kinds: readonly PacketEventKind[];
  /** A sentence for each kind that cannot be received, with the reason. */
  readonly notes: readonly string[];
  /** Why the first of them cannot be received; undefined where all are. */
  readonly whyMissing: string | undefined;
  readonly #programs: WatchedPrograms<PacketFields>;
  readonly #reasons: ReasonNames = withKernelTypes((types) => ({
    reset: namesOf(types, REASONS.reset),
    drop: namesOf(types, REASONS.drop),
  }));
  readonly #followed = new Map<number, { namespace: NetnsReader; lost: number }>();
  #event: LivePacketEvent;
  readonly #openingOf: OpeningOf;
  readonly #calls: SystemCalls;

  /**
   * Loads the programs.
   *
   * @param names undefined for plain numbers
   * @param openingOf what the events of connections tell
   * @throws {BpfError} where none is permitted
   */
  constructor(machine: Machine, names: Names | undefined, wanted: readonly PacketEventKind[], openingOf: OpeningOf) {
    this.#openingOf = openingOf;
    this.#calls = machine.systemCalls();
    this.#programs = new WatchedPrograms(this.#calls, PACKET_RECORD, RING_BYTES);
    this.#event = new LivePacketEvent(new EndpointNames(names), this.#reasons, this.#openingOf);
    const notes: string[] = [];
    let whyMissing: string | undefined;
    this.kinds = wanted.filter((kind) => {
      try {
        this.#programs.attach(KINDS[kind].programs);
        return true;
      } catch (error) {
        if (!(error instanceof BpfError) && !(error instanceof BtfError)) throw error;
        const why = error.message.split('\n', 1)[0] ?? '';
        notes.push(`${KINDS[kind].lost}: ${why}`);
        whyMissing ??= why;
        return false;
      }
    });
    this.notes = notes;
    this.whyMissing = whyMissing;
  }

  setNames(names: Names | undefined): void {
    this.#event = new LivePacketEvent(new EndpointNames(names), this.#reasons, this.#openingOf);
  }

  /** Starts receiving the events of a namespace. */
  add(namespace: NetnsReader): void {
    const { netns } = namespace.handle.target;
    namespace.receivesPackets = true;
    this.#programs.watch(netns);
    this.#followed.set(netns, { namespace, lost: 0 });
  }

  /** Stops receiving the events of a namespace. */
  remove(namespace: NetnsReader): void {
    const { netns } = namespace.handle.target;
    if (this.#followed.delete(netns)) this.#programs.unwatch(netns);
  }

  /**
   * Reads all queued events without blocking.
   *
   * @param before called when there are some, before they are handed over
   */
  drain(sink: PacketStreamSink, before?: () => void): void {
    const table = this.#programs.drain();
    if (table.rows > 0) before?.();
    const netns = table.column('netns');
    const boot = bootMs(this.#calls);
    for (let row = 0; row < table.rows; row++) {
      const namespace = this.#followed.get(netns[row] ?? 0)?.namespace;
      if (namespace !== undefined) sink.event(namespace, this.#event.moveTo(namespace, table, row, boot));
    }
    this.#reportLosses(sink);
  }

  close(): void {
    this.#programs.close();
  }

  #reportLosses(sink: PacketStreamSink): void {
    const misses = this.#programs.takeMisses();
    const mayHaveLost = this.#programs.mayHaveLost();
    const all = mayHaveLost ? this.#programs.lost() : undefined;
    if (misses === 0 && (all === undefined || all.size === 0)) return;
    for (const [netns, followed] of this.#followed) {
      const lost = all?.get(netns) ?? followed.lost;
      if (lost > followed.lost) sink.lost(followed.namespace, lost - followed.lost);
      else if (misses > 0) sink.lost(followed.namespace, undefined);
      followed.lost = lost;
    }
  }
}

/** Names of the kernel's reasons, without what all of them begin with; none where this kernel has no such enumeration. */
function namesOf(types: KernelTypes, reasons: { enum: string; prefix: string }): Map<number, string> {
  try {
    const values = Object.entries(types.enumerators(reasons.enum));
    return new Map(
      values.flatMap(([name, value]) =>
        name.startsWith(reasons.prefix) ? [[value, name.slice(reasons.prefix.length)] as const] : [],
      ),
    );
  } catch (error) {
    if (!(error instanceof BtfError)) throw error;
    return new Map();
  }
}
