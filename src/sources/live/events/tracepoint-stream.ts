import fs from 'node:fs';
import type { ConnectionFields } from '../../../bpf/programs/connection-events.ts';
import type { RecordTable } from '../../../bpf/record-table.ts';
import type { Machine } from '../../../collect/machine.ts';
import type { Owner } from '../../../collect/owners/netns-owners.ts';
import type { Names } from '../../../model/names.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import type { NetnsReader } from '../netns-reader.ts';
import { ConnectionProgram } from './connection-program.ts';
import { EndpointNames } from './endpoint-names.ts';
import type { EventStream, EventStreamSink } from './event-stream.ts';
import { type Opening, TracepointEvent } from './tracepoint-event.ts';
import { TracepointSocket } from './tracepoint-socket.ts';

/** How far the two clocks may drift apart before they are compared again, milliseconds. */
const MAX_DRIFT_MS = 50;

/** A namespace, and its connections that are open as far as their opening was seen. */
interface Followed {
  namespace: NetnsReader;
  /** By the address of the socket. */
  openings: Map<number, Opening>;
  /** Lost records that were reported. */
  lost: number;
}

/** Events of TCP connections from the kernel's tracepoint of state changes. */
export class TracepointStream implements EventStream {
  readonly #program: ConnectionProgram;
  /** Whether PIDs of records are those of `/proc`: a program has those of the first PID namespace. */
  readonly #knowsPids: boolean;
  readonly #followed = new Map<number, Followed>();
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
    this.#followed.set(netns, { namespace, openings: new Map(), lost: 0 });
  }

  remove(namespace: NetnsReader): void {
    const { netns } = namespace.handle.target;
    if (!this.#followed.delete(netns)) return;
    this.#program.unwatch(netns);
  }

  drain(nowMs: number, sink: EventStreamSink): number {
    if (Math.abs(bootMs() - this.#bootMs) > MAX_DRIFT_MS) this.#bootMs = bootMs();
    void nowMs;
    const table = this.#program.drain();
    if (table.rows > 0) this.#take(table, sink);
    this.#reportLosses(sink);
    return table.rows;
  }

  close(): void {
    this.#program.close();
  }

  #take(table: RecordTable<ConnectionFields>, sink: EventStreamSink): void {
    const netns = table.column('netns');
    const states = table.column('newState');
    const oldStates = table.column('oldState');
    const low = table.column('socket');
    const high = table.column('socketOther');
    const localPorts = openedPorts(table);
    for (let row = 0; row < table.rows; row++) {
      const followed = this.#followed.get(netns[row] ?? 0);
      if (followed === undefined) continue;
      const { openings } = followed;
      const socket = (low[row] ?? 0) + ((high[row] ?? 0) & 0xffff) * 2 ** 32;
      const send = (kind: 'opened' | 'established' | 'failed' | 'closed', opening: Opening | undefined) =>
        sink.event(
          followed.namespace,
          this.#event.moveTo(followed.namespace, table, row, kind, opening, this.#bootMs, localPorts[row] ?? 0),
        );
      switch (states[row]) {
        case TCP_STATE.SYN_SENT: {
          const opening = this.#openingOf(followed, table, row, true);
          openings.set(socket, opening);
          send('opened', opening);
          break;
        }
        case TCP_STATE.LISTEN:
          this.#listener.moveTo(table, row, localPorts[row] ?? 0);
          followed.namespace.addListener(this.#listener, this.#processOf(followed.namespace, table, row));
          break;
        case TCP_STATE.ESTABLISHED: {
          let opening = openings.get(socket);
          if (oldStates[row] !== TCP_STATE.SYN_SENT) {
            opening = this.#openingOf(followed, table, row, false);
            openings.set(socket, opening);
          }
          send('established', opening);
          break;
        }
        default: {
          const opening = openings.get(socket);
          openings.delete(socket);
          const old = oldStates[row];
          // A half-open connection that is given up, and a socket that never had a peer.
          if (old === TCP_STATE.SYN_RECV || old === TCP_STATE.CLOSE) break;
          send(old === TCP_STATE.SYN_SENT ? 'failed' : 'closed', opening);
          followed.namespace.memory.closed(this.#event.socket);
        }
      }
    }
  }

  #openingOf({ namespace }: Followed, table: RecordTable<ConnectionFields>, row: number, isAttempt: boolean): Opening {
    const openedNs = table.column('timeNs')[row] ?? 0;
    return { openedNs, isAttempt, opener: isAttempt ? this.#processOf(namespace, table, row) : undefined };
  }

  #processOf({ owners }: NetnsReader, table: RecordTable<ConnectionFields>, row: number): Owner | undefined {
    if (!this.#knowsPids) return undefined;
    return owners.ofProcess(table.column('pid')[row] ?? 0, table.text('name', row));
  }

  #reportLosses(sink: EventStreamSink): void {
    const misses = this.#program.takeMisses();
    const mayHaveLost = this.#program.mayHaveLost();
    if (misses === 0 && !mayHaveLost) return;
    for (const [netns, followed] of this.#followed) {
      const lost = mayHaveLost ? this.#program.lost(netns) : followed.lost;
      if (lost > followed.lost) sink.lost(followed.namespace, lost - followed.lost);
      else if (misses > 0) sink.lost(followed.namespace, undefined);
      followed.lost = lost;
    }
  }
}

/**
 * The local port of each record. The kernel chooses it after the change to SYN_SENT: it comes from the next record of
 * the socket; 0 where that is not there yet.
 */
function openedPorts(table: RecordTable<ConnectionFields>): Uint16Array {
  const ports = table.column('localPort');
  const states = table.column('newState');
  const low = table.column('socket');
  const high = table.column('socketOther');
  const next = new Map<number, number>();
  for (let row = table.rows - 1; row >= 0; row--) {
    const socket = (low[row] ?? 0) + ((high[row] ?? 0) & 0xffff) * 2 ** 32;
    if (states[row] !== TCP_STATE.SYN_SENT) next.set(socket, ports[row] ?? 0);
    else if (ports[row] === 0) ports[row] = next.get(socket) ?? 0;
  }
  return ports;
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
