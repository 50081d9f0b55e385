import fs from 'node:fs';
import type { ConnectionFields } from '../../../bpf/programs/connection-events.ts';
import type { RecordTable } from '../../../bpf/record-table.ts';
import type { Machine } from '../../../collect/machine.ts';
import type { Owner } from '../../../collect/owners/netns-owners.ts';
import type { Names } from '../../../model/names.ts';
import type { EventKind } from '../../../model/socket/connection-event.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import type { NetnsReader } from '../netns-reader.ts';
import { ConnectionProgram } from './connection-program.ts';
import { EndpointNames } from './endpoint-names.ts';
import type { EventStream, EventStreamSink } from './event-stream.ts';
import { OpenedPorts, socketsOf } from './opened-ports.ts';
import { type Opening, TracepointEvent } from './tracepoint-event.ts';
import { TracepointSocket } from './tracepoint-socket.ts';

/** How far the two clocks may drift apart before they are compared again, milliseconds. */
const MAX_DRIFT_MS = 50;

/**
 * How often the counts of lost records are read at least, milliseconds: the kernel may refuse a record in a buffer with
 * room too, where the lock of the buffer is not to be had.
 */
const COUNT_EVERY_MS = 1000;

/** A namespace, and its connections that are open as far as their opening was seen. */
interface Followed {
  namespace: NetnsReader;
  /** By the address of the socket. */
  openings: Map<number, Opening>;
  /** Lost records that were reported. */
  lost: number;
  /** The dump that was compared last, milliseconds since the epoch. */
  comparedMs: number | undefined;
  /** When losses were last reported, milliseconds since the epoch. */
  lossesMs: number;
}

/** Records that were read together. */
interface Batch {
  table: RecordTable<ConnectionFields>;
  /** Columns that every record is asked for. */
  oldStates: Uint8Array;
  newStates: Uint8Array;
  sockets: Float64Array;
  ports: OpenedPorts;
  sink: EventStreamSink;
  /** Processes by PID: no PID is used for two within a tenth of a second. */
  processes: Map<number, Owner>;
}

/** Events of TCP connections from the kernel's tracepoint of state changes. */
export class TracepointStream implements EventStream {
  readonly #program: ConnectionProgram;
  /** Whether PIDs of records are those of `/proc`: a program has those of the first PID namespace. */
  readonly #knowsPids: boolean;
  readonly #followed = new Map<number, Followed>();
  /** When the counts of lost records were read, milliseconds since the epoch. */
  #countedMs = 0;
  #event: TracepointEvent;
  readonly #listener = new TracepointSocket();
  /** CLOCK_MONOTONIC 0 in milliseconds since the epoch. */
  #bootMs = bootMs();

  /**
   * Loads the program.
   *
   * @param bufferBytes of the ring buffer; undefined for the default
   * @throws {BtfError}, {BpfError} where the kernel lacks something, or does not permit it
   */
  constructor(machine: Machine, names: Names | undefined, bufferBytes: number | undefined) {
    this.#knowsPids = inFirstPidNamespace(machine.proc);
    this.#program = ConnectionProgram.load(machine.systemCalls(), bufferBytes);
    this.#event = new TracepointEvent(new EndpointNames(names));
  }

  setNames(names: Names | undefined): void {
    this.#event = new TracepointEvent(new EndpointNames(names));
  }

  add(namespace: NetnsReader): void {
    const { netns } = namespace.handle.target;
    this.#program.watch(netns);
    this.#followed.set(netns, {
      namespace,
      openings: new Map(),
      lost: 0,
      comparedMs: namespace.wholeTcpMs,
      lossesMs: Number.NEGATIVE_INFINITY,
    });
  }

  remove(namespace: NetnsReader): void {
    const { netns } = namespace.handle.target;
    if (!this.#followed.delete(netns)) return;
    this.#program.unwatch(netns);
  }

  drain(nowMs: number, sink: EventStreamSink, isLast = false): number {
    if (Math.abs(bootMs() - this.#bootMs) > MAX_DRIFT_MS) this.#bootMs = bootMs();
    const table = this.#program.drain();
    if (table.rows > 0) this.#take(table, sink);
    const isCompared = [...this.#followed.values()].some(isComparable);
    const isDue = isLast || isCompared || nowMs - this.#countedMs >= COUNT_EVERY_MS;
    if (isDue) this.#countedMs = nowMs;
    this.#reportLosses(nowMs, sink, isDue || this.#program.mayHaveLost());
    if (isCompared) for (const followed of this.#followed.values()) this.#compare(followed, sink);
    return table.rows;
  }

  close(): void {
    this.#program.close();
  }

  #take(table: RecordTable<ConnectionFields>, sink: EventStreamSink): void {
    const netns = table.column('netns');
    const batch: Batch = {
      table,
      oldStates: table.column('oldState'),
      newStates: table.column('newState'),
      sockets: socketsOf(table),
      ports: new OpenedPorts(table),
      sink,
      processes: new Map(),
    };
    for (let row = 0; row < table.rows; row++) {
      const followed = this.#followed.get(netns[row] ?? 0);
      if (followed !== undefined) this.#takeRow(batch, followed, row);
    }
  }

  #takeRow(batch: Batch, followed: Followed, row: number): void {
    const { table, sockets, oldStates, newStates } = batch;
    const { openings } = followed;
    const socket = sockets[row] ?? 0;
    const old = oldStates[row];
    switch (newStates[row]) {
      case TCP_STATE.SYN_SENT: {
        const opening = this.#openingOf(batch, followed, row, true);
        openings.set(socket, opening);
        this.#send(batch, followed, row, 'opened', opening);
        break;
      }
      case TCP_STATE.LISTEN:
        this.#listener.moveTo(table, row, batch.ports);
        followed.namespace.addListener(this.#listener, this.#processOf(batch, followed.namespace, row));
        break;
      case TCP_STATE.ESTABLISHED: {
        let opening = openings.get(socket);
        if (old !== TCP_STATE.SYN_SENT) {
          opening = this.#openingOf(batch, followed, row, false);
          openings.set(socket, opening);
        }
        this.#send(batch, followed, row, 'established', opening);
        break;
      }
      default: {
        const opening = openings.get(socket);
        openings.delete(socket);
        // A half-open connection that is given up, and a socket that never had a peer.
        if (old === TCP_STATE.SYN_RECV || old === TCP_STATE.CLOSE) break;
        this.#send(batch, followed, row, old === TCP_STATE.SYN_SENT ? 'failed' : 'closed', opening);
        followed.namespace.memory.closed(this.#event.socket);
      }
    }
  }

  #send({ table, ports, sink }: Batch, { namespace }: Followed, row: number, kind: EventKind, opening?: Opening): void {
    sink.event(namespace, this.#event.moveTo(namespace, table, row, kind, opening, this.#bootMs, ports));
  }

  #openingOf(batch: Batch, { namespace }: Followed, row: number, isAttempt: boolean): Opening {
    const openedNs = batch.table.column('timeNs')[row] ?? 0;
    const cookie = batch.table.column('cookie')[row] ?? 0;
    return { openedNs, cookie, isAttempt, opener: isAttempt ? this.#processOf(batch, namespace, row) : undefined };
  }

  #processOf({ table, processes }: Batch, { owners }: NetnsReader, row: number): Owner | undefined {
    if (!this.#knowsPids) return undefined;
    const pid = table.column('pid')[row] ?? 0;
    let owner = processes.get(pid);
    if (owner === undefined) {
      owner = owners.ofProcess(pid, table.text('name', row));
      processes.set(pid, owner);
    }
    return owner;
  }

  /**
   * Compares what is open with the last dump: a connection that it did not have has ended, and the kernel has left its
   * end out. Its record, had there been one, would be older than the dump, and read by now.
   */
  #compare(followed: Followed, sink: EventStreamSink): void {
    const { namespace, openings, lossesMs, comparedMs = 0 } = followed;
    const { memory, wholeTcpMs } = namespace;
    if (!isComparable(followed) || wholeTcpMs === undefined) return;
    followed.comparedMs = wholeTcpMs;
    let missed = 0;
    for (const [socket, { openedNs, cookie }] of openings) {
      const openedMs = this.#bootMs + openedNs / 1e6;
      if (cookie === 0 || openedMs + MAX_DRIFT_MS >= wholeTcpMs || memory.isInLastDump(cookie)) continue;
      openings.delete(socket);
      missed++;
    }
    // Ends among lost records have been reported with them.
    if (missed > 0 && lossesMs < comparedMs) sink.lost(namespace, missed);
  }

  /** @param mayHaveLost whether the counts of lost records are read */
  #reportLosses(nowMs: number, sink: EventStreamSink, mayHaveLost: boolean): void {
    const misses = this.#program.takeMisses();
    if (misses === 0 && !mayHaveLost) return;
    for (const [netns, followed] of this.#followed) {
      const lost = mayHaveLost ? this.#program.lost(netns) : followed.lost;
      if (lost > followed.lost) sink.lost(followed.namespace, lost - followed.lost);
      else if (misses > 0) sink.lost(followed.namespace, undefined);
      if (lost > followed.lost || misses > 0) followed.lossesMs = nowMs;
      followed.lost = lost;
    }
  }
}

/** Whether the last dump has every connection of the namespace, and was not compared yet. */
function isComparable({ namespace: { memory, wholeTcpMs }, comparedMs }: Followed): boolean {
  return wholeTcpMs !== undefined && wholeTcpMs !== comparedMs && wholeTcpMs === memory.lastDumpMs;
}

function bootMs(): number {
  return performance.timeOrigin + performance.now() - Number(process.hrtime.bigint()) / 1e6;
}

/** The inode of the PID namespace that the kernel starts with: PROC_PID_INIT_INO, include/linux/proc_ns.h. */
const FIRST_PID_NAMESPACE = 0xeffffffc;

function inFirstPidNamespace(proc: string): boolean {
  try {
    return fs.statSync(`${proc}/self/ns/pid`).ino === FIRST_PID_NAMESPACE;
  } catch {
    return false;
  }
}
