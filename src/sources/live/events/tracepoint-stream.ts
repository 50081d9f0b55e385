import type { ConnectionFields } from '../../../bpf/programs/connection-events.ts';
import type { RecordTable } from '../../../bpf/record-table.ts';
import type { Machine } from '../../../collect/machine.ts';
import type { Owner } from '../../../collect/owners/netns-owners.ts';
import type { SystemCalls } from '../../../kernel/system-calls.ts';
import type { Names } from '../../../model/names.ts';
import type { EventKind } from '../../../model/socket/connection-event.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import { inFirstPidNamespace } from '../../../procfs/own-privileges.ts';
import type { NetnsReader } from '../netns-reader.ts';
import { AcceptedTimes } from './accepted-times.ts';
import { bootMs, MAX_DRIFT_MS } from './boot-time.ts';
import { loadConnectionPrograms } from './connection-program.ts';
import { EndpointNames } from './endpoint-names.ts';
import type { EventStream, EventStreamSink } from './event-stream.ts';
import { KnownOpenings } from './known-openings.ts';
import { OpenedPorts, socketsOf } from './opened-ports.ts';
import { noOpening, type Opening, Openings } from './openings.ts';
import { TracepointEvent } from './tracepoint-event.ts';
import { TracepointSocket } from './tracepoint-socket.ts';
import type { WatchedPrograms } from './watched-programs.ts';

/**
 * How often the counts of lost records are read at least, milliseconds: the kernel may refuse a record in a buffer with
 * room too, where the lock of the buffer is not to be had.
 */
const COUNT_EVERY_MS = 1000;

/** A namespace, and its open connections. */
interface Followed {
  namespace: NetnsReader;
  openings: Openings;
  /** Lost records that were reported. */
  lost: number;
  /** Connections whose end was left out, as far as it is not reported: another connection has their socket. */
  unseenEnds: number;
  /** The dump that was compared last, milliseconds since the epoch. */
  comparedMs: number | undefined;
  /** When the count of lost records was read that was reported last, milliseconds since the epoch. */
  lossesMs: number;
  /** The same connections by their cookies, where that is asked for. */
  known: KnownOpenings | undefined;
}

/** Records that were read together. */
interface Batch {
  table: RecordTable<ConnectionFields>;
  /** Columns that most records are asked for: to find one in its table takes longer than to read it. */
  oldStates: Uint8Array;
  newStates: Uint8Array;
  sockets: Float64Array;
  timesNs: Float64Array;
  cookies: Float64Array;
  cgroups: Float64Array;
  pids: Uint32Array;
  ports: OpenedPorts;
  sink: EventStreamSink;
  /** Processes by PID: no PID is used for two within a tenth of a second. */
  processes: Map<number, Owner>;
}

/** What a stream reports on request. */
export interface TracepointWants {
  /** The time of connections in the accept queue, where the kernel permits that. */
  accepts?: boolean;
  /** When one side of a connection closes, see `EventStreamSink.halfClosed`. */
  halfCloses?: boolean;
  /** Whether {@link TracepointStream.openingOf} is asked. */
  openings?: boolean;
}

/** Events of TCP connections from the kernel's tracepoint of state changes. */
export class TracepointStream implements EventStream {
  readonly #program: WatchedPrograms<ConnectionFields>;
  /** Whether PIDs of records are those of `/proc`: a program has those of the first PID namespace. */
  readonly #knowsPids: boolean;
  readonly #accepted: AcceptedTimes | undefined;
  readonly #followed = new Map<number, Followed>();
  /** When the counts of lost records were read, milliseconds since the epoch. */
  #countedMs = 0;
  #event: TracepointEvent;
  /** Of the record that is being read: one object, because there are thousands a second. */
  readonly #opening = noOpening();
  readonly #listener = new TracepointSocket();
  /** CLOCK_MONOTONIC 0 in milliseconds since the epoch. */
  #bootMs: number;
  readonly #calls: SystemCalls;
  readonly #knowsOpenings: boolean;

  /**
   * Loads the program.
   *
   * @param bufferBytes of the ring buffer; undefined for the default
   * @param wants what is recorded beside the events
   * @throws {BtfError}, {BpfError} where the kernel lacks something, or does not permit it
   */
  constructor(machine: Machine, names: Names | undefined, bufferBytes: number | undefined, wants: TracepointWants) {
    this.#knowsPids = inFirstPidNamespace(machine.proc);
    this.#calls = machine.systemCalls();
    this.#bootMs = bootMs(this.#calls);
    this.#program = loadConnectionPrograms(this.#calls, bufferBytes, wants.halfCloses);
    this.#event = new TracepointEvent(new EndpointNames(names));
    this.#knowsOpenings = wants.openings === true;
    if (wants.accepts) this.#accepted = AcceptedTimes.open(this.#calls);
  }

  setNames(names: Names | undefined): void {
    this.#event = new TracepointEvent(new EndpointNames(names));
  }

  add(namespace: NetnsReader): void {
    const { netns } = namespace.handle.target;
    this.#program.watch(netns);
    this.#accepted?.watch(netns);
    this.#followed.set(netns, {
      namespace,
      openings: new Openings(),
      lost: 0,
      unseenEnds: 0,
      comparedMs: namespace.wholeTcpMs,
      lossesMs: Number.NEGATIVE_INFINITY,
      known: this.#knowsOpenings ? new KnownOpenings() : undefined,
    });
  }

  remove(namespace: NetnsReader): void {
    const { netns } = namespace.handle.target;
    if (!this.#followed.delete(netns)) return;
    this.#program.unwatch(netns);
    this.#accepted?.unwatch(netns);
  }

  drain(nowMs: number, sink: EventStreamSink, isLast = false): number {
    const now = bootMs(this.#calls);
    if (Math.abs(now - this.#bootMs) > MAX_DRIFT_MS) this.#bootMs = now;
    if (this.#knowsOpenings) for (const { known } of this.#followed.values()) known?.forget(nowMs);
    const table = this.#program.drain();
    this.#accepted?.read();
    if (table.rows > 0) this.#take(table, sink);
    if (this.#accepted !== undefined)
      for (const followed of this.#followed.values()) this.#accept(followed, this.#accepted);
    const isCompared = [...this.#followed.values()].some(isComparable);
    const isDue = isLast || isCompared || nowMs - this.#countedMs >= COUNT_EVERY_MS;
    if (isDue) this.#countedMs = nowMs;
    this.#reportLosses(sink, isDue || this.#program.mayHaveLost());
    if (isCompared) for (const followed of this.#followed.values()) this.#compare(followed, sink);
    return table.rows;
  }

  /** What is known of a connection that is open, or ended just now; undefined where its opening was not seen. */
  openingOf(namespace: NetnsReader, cookie: number): Opening | undefined {
    return this.#followed.get(namespace.handle.target.netns)?.known?.of(cookie);
  }

  close(): void {
    this.#program.close();
    this.#accepted?.close();
  }

  #take(table: RecordTable<ConnectionFields>, sink: EventStreamSink): void {
    const netns = table.column('netns');
    const batch: Batch = {
      table,
      oldStates: table.column('oldState'),
      newStates: table.column('newState'),
      sockets: socketsOf(table),
      timesNs: table.column('timeNs'),
      cookies: table.column('cookie'),
      cgroups: table.column('cgroup'),
      pids: table.column('pid'),
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
        const opening = this.#begin(batch, followed, row, true);
        this.#send(batch, followed, row, 'opened', opening);
        break;
      }
      case TCP_STATE.LISTEN:
        this.#listener.moveTo(table, row, batch.ports);
        followed.namespace.addListener(this.#listener, this.#processOf(batch, followed.namespace, row));
        break;
      case TCP_STATE.ESTABLISHED: {
        const isAttempt = old === TCP_STATE.SYN_SENT;
        const opening = isAttempt ? openings.read(socket, this.#opening) : this.#begin(batch, followed, row, false);
        this.#send(batch, followed, row, 'established', opening);
        break;
      }
      case TCP_STATE.FIN_WAIT1:
      case TCP_STATE.CLOSE_WAIT: {
        const { namespace } = followed;
        const opening = openings.read(socket, this.#opening);
        const event = this.#event.moveTo(namespace, table, row, 'established', opening, this.#bootMs, batch.ports);
        batch.sink.halfClosed?.(namespace, event.socket, event.atMs);
        break;
      }
      default: {
        const opening = openings.take(socket, this.#opening);
        if (opening !== undefined) this.#acceptOne(followed, socket, opening);
        followed.known?.end(opening);
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

  /**
   * Remembers an opening. For some changes to CLOSE the kernel runs no program on some virtual machines, and counts no
   * miss (see docs/events.md): the next connection at the address of such a socket tells.
   */
  #begin(batch: Batch, followed: Followed, row: number, isAttempt: boolean): Opening {
    const { openings, namespace } = followed;
    const socket = batch.sockets[row] ?? 0;
    const opening = this.#opening;
    // Ends among lost records have been reported with them.
    const before = openings.read(socket, opening);
    if (before !== undefined && this.#bootMs + before.openedNs / 1e6 > followed.lossesMs) followed.unseenEnds++;
    followed.known?.end(before);
    opening.openedNs = batch.timesNs[row] ?? 0;
    opening.cookie = batch.cookies[row] ?? 0;
    opening.cgroup = batch.cgroups[row] ?? 0;
    opening.isAttempt = isAttempt;
    opening.process = isAttempt ? this.#processOf(batch, namespace, row) : undefined;
    opening.acceptedNs = 0;
    openings.set(socket, opening);
    followed.known?.set(opening);
    return opening;
  }

  #processOf({ table, pids, processes }: Batch, { owners }: NetnsReader, row: number): Owner | undefined {
    if (!this.#knowsPids) return undefined;
    const pid = pids[row] ?? 0;
    let owner = processes.get(pid);
    if (owner === undefined) {
      owner = owners.ofProcess(pid, table.text('name', row));
      processes.set(pid, owner);
    }
    return owner;
  }

  /** Takes over which of the open connections were accepted. */
  #accept(followed: Followed, accepted: AcceptedTimes): void {
    for (const socket of accepted.sockets()) {
      const opening = followed.openings.read(socket, this.#opening);
      if (opening !== undefined && this.#acceptOne(followed, socket, opening)) followed.openings.set(socket, opening);
    }
  }

  /** @returns whether it was accepted meanwhile */
  #acceptOne({ namespace: { owners }, known }: Followed, socket: number, opening: Opening): boolean {
    if (opening.isAttempt) return false;
    const accepted = this.#accepted?.take(socket, opening.openedNs);
    if (accepted === undefined) return false;
    const { atNs, pid, name } = accepted;
    opening.acceptedNs = atNs;
    opening.process = this.#knowsPids ? owners.ofProcess(pid, name) : undefined;
    known?.set(opening);
    return true;
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
    openings.each(this.#opening, (socket, opening) => {
      const { openedNs, cookie } = opening;
      const openedMs = this.#bootMs + openedNs / 1e6;
      if (cookie === 0 || openedMs + MAX_DRIFT_MS >= wholeTcpMs || memory.isInLastDump(cookie)) return;
      openings.take(socket, opening);
      followed.known?.end(opening);
      missed++;
    });
    // Ends among lost records have been reported with them.
    if (missed > 0 && lossesMs < comparedMs) sink.lost(namespace, missed);
  }

  /**
   * Runs that the kernel left out of a program are no losses: see `ConnectionPart`.
   *
   * @param mayHaveLost whether the counts of lost records are read
   */
  #reportLosses(sink: EventStreamSink, mayHaveLost: boolean): void {
    const hasUnseen = [...this.#followed.values()].some(({ unseenEnds }) => unseenEnds > 0);
    const all = mayHaveLost || hasUnseen ? this.#program.lost() : undefined;
    if (!hasUnseen && (all === undefined || all.size === 0)) return;
    // By the clock of the records: one that was opened while the buffer was drained may have its end in the count.
    const countedMs = this.#bootMs + Number(this.#calls.monotonicNs()) / 1e6;
    for (const [netns, followed] of this.#followed) {
      const { unseenEnds } = followed;
      followed.unseenEnds = 0;
      const lost = all?.get(netns) ?? followed.lost;
      if (lost > followed.lost) {
        sink.lost(followed.namespace, lost - followed.lost);
        followed.lossesMs = countedMs;
        followed.lost = lost;
      } else if (unseenEnds > 0) sink.lost(followed.namespace, unseenEnds);
    }
  }
}

/** Whether the last dump has every connection of the namespace, and was not compared yet. */
function isComparable({ namespace: { memory, wholeTcpMs }, comparedMs }: Followed): boolean {
  return wholeTcpMs !== undefined && wholeTcpMs !== comparedMs && wholeTcpMs === memory.lastDumpMs;
}
