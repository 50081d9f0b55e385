import { microseconds } from '../../../base/duration.ts';
import { errnoOfName } from '../../../base/errno.ts';
import type { ConnectionFields } from '../../../bpf/programs/connection-events.ts';
import type { RecordTable } from '../../../bpf/record-table.ts';
import type { Owner } from '../../../collect/owners/netns-owners.ts';
import type { EventKind, Outcome, Remembered } from '../../../model/socket/connection-event.ts';
import { TCP_STATE } from '../../../model/socket/tcp-state.ts';
import type { NetnsReader } from '../netns-reader.ts';
import { LiveEvent } from './live-event.ts';
import type { OpenedPorts } from './opened-ports.ts';
import { TracepointSocket } from './tracepoint-socket.ts';

const errno = (name: string) => errnoOfName(name) ?? 0;
const REFUSED = errno('ECONNREFUSED');
const TIMED_OUT = errno('ETIMEDOUT');
const NO_PORT = errno('EADDRNOTAVAIL');
const ABORTED = errno('ECONNABORTED');
/** What a reset leaves in a socket, by its state: net/ipv4/tcp_input.c, tcp_reset(). */
const RESET: ReadonlySet<number> = new Set([errno('ECONNRESET'), errno('EPIPE')]);

/** States after this side sent its end of file. */
const CLOSED_HERE: ReadonlySet<number> = new Set([TCP_STATE.FIN_WAIT1, TCP_STATE.FIN_WAIT2, TCP_STATE.CLOSING]);
/** States after the peer sent its end of file, and this side not before. */
const CLOSED_THERE: ReadonlySet<number> = new Set([TCP_STATE.CLOSE_WAIT, TCP_STATE.LAST_ACK]);

/** What is known of a connection from its earlier records. */
export interface Opening {
  /** When it was opened or, at a server, established: CLOCK_MONOTONIC, nanoseconds. */
  openedNs: number;
  /** 0 where the kernel has not given it one. */
  cookie: number;
  /** Whether a process of this side opened it. */
  isAttempt: boolean;
  /** That process; undefined at a server, and where its PID means nothing here. */
  opener: Owner | undefined;
}

/** An event of a record of the tracepoint. */
export class TracepointEvent extends LiveEvent {
  readonly source = 'tracepoint';
  readonly socket = new TracepointSocket();
  kind: EventKind = 'opened';
  outcome: Outcome | undefined;
  errno: number | undefined;
  closedBy: 'local' | 'peer' | undefined;
  latencyUs: number | undefined;
  atMs = 0;
  openedAtMs: number | undefined;
  protected opener: Owner | undefined;
  #opening: Opening | undefined;
  #remembered: Remembered | undefined | 'unknown' = 'unknown';

  /**
   * @param opening of the connection; undefined where it was not seen
   * @param bootMs what CLOCK_MONOTONIC 0 is in milliseconds since the epoch
   * @param ports of the records
   */
  moveTo(
    namespace: NetnsReader,
    table: RecordTable<ConnectionFields>,
    row: number,
    kind: EventKind,
    opening: Opening | undefined,
    bootMs: number,
    ports: OpenedPorts,
  ): this {
    this.namespace = namespace;
    this.kind = kind;
    this.socket.moveTo(table, row, ports);
    this.#remembered = 'unknown';
    const ns = table.column('timeNs')[row] ?? 0;
    // As a recording has it: a time just before a millisecond is rounded to it there.
    this.atMs = microseconds(bootMs + ns / 1e6);
    this.openedAtMs = opening === undefined ? undefined : bootMs + opening.openedNs / 1e6;
    this.opener = opening?.opener;
    this.#opening = opening;
    const hasLatency = (kind === 'failed' || kind === 'established') && opening?.isAttempt === true;
    this.latencyUs = !hasLatency ? undefined : Math.max(0, Math.round((ns - opening.openedNs) / 1000));
    if (kind === 'failed' || kind === 'closed') this.#end(table, row);
    else {
      this.outcome = undefined;
      this.errno = undefined;
      this.closedBy = undefined;
    }
    return this;
  }

  override get role(): 'client' | 'server' | undefined {
    return this.#opening === undefined ? super.role : this.#opening.isAttempt ? 'client' : 'server';
  }

  get remembered(): Remembered | undefined {
    if (this.#remembered === 'unknown') {
      this.#remembered = this.namespace.rememberedOf(this.socket);
      this.socket.inode = this.#remembered?.inode ?? 0;
    }
    return this.#remembered;
  }

  #end(table: RecordTable<ConnectionFields>, row: number): void {
    const state = table.column('oldState')[row] ?? 0;
    const error = table.column('error')[row] ?? 0;
    this.errno = error === 0 ? undefined : error;
    this.closedBy = CLOSED_HERE.has(state) ? 'local' : CLOSED_THERE.has(state) ? 'peer' : undefined;
    if (this.kind === 'failed') {
      // Where no port was free the kernel gives up before it has one, and tells only the caller.
      if (error === 0 && this.socket.localPort === 0) this.errno = NO_PORT;
      this.outcome = failureOf(this.errno);
      return;
    }
    if (error === 0) {
      const isAbort = state === TCP_STATE.ESTABLISHED || state === TCP_STATE.CLOSE_WAIT;
      const isHeld = table.column('holder')[row] !== 0;
      this.outcome = isAbort ? (isHeld ? 'aborted' : 'never-accepted') : 'closed';
      if (state === TCP_STATE.ESTABLISHED) this.closedBy = 'local';
    } else if (RESET.has(error)) {
      this.outcome = 'reset';
      this.closedBy ??= 'peer';
    } else this.outcome = error === ABORTED ? 'aborted' : 'timed-out';
  }
}

/** Outcome of an attempt; one that its process gave up has no error. */
function failureOf(error: number | undefined): Outcome {
  if (error === REFUSED) return 'refused';
  return error === undefined || error === TIMED_OUT ? 'no-answer' : 'failed';
}
