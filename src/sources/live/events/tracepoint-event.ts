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
import type { Opening } from './openings.ts';
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

/** An event of a record of the tracepoint. */
export class TracepointEvent extends LiveEvent {
  readonly source = 'tracepoint';
  readonly socket = new TracepointSocket();
  kind: EventKind = 'opened';
  atMs = 0;
  #ns = 0;
  #role: 'client' | 'server' | undefined;
  #bootMs = 0;
  #opening: Opening | undefined;
  #end: End | undefined;
  #remembered: Remembered | undefined | 'unknown' = 'unknown';

  /**
   * @param opening of the connection, valid as long as the event; undefined where it was not seen
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
    this.forget();
    this.namespace = namespace;
    this.kind = kind;
    this.socket.moveTo(table, row, ports);
    this.#bootMs = bootMs;
    this.#opening = opening;
    this.#end = undefined;
    this.#remembered = 'unknown';
    this.#role = undefined;
    // As a recording has it: a time just before a millisecond is rounded to it there.
    this.#ns = this.socket.timeNs;
    this.atMs = microseconds(bootMs + this.#ns / 1e6);
    return this;
  }

  get openedAtMs(): number | undefined {
    return this.#opening === undefined ? undefined : this.#bootMs + this.#opening.openedNs / 1e6;
  }
  get opener(): Owner | undefined {
    return this.#opening?.process;
  }
  get acceptWaitUs(): number | undefined {
    if (this.#opening === undefined || this.#opening.acceptedNs === 0) return undefined;
    return Math.round((this.#opening.acceptedNs - this.#opening.openedNs) / 1000);
  }
  get latencyUs(): number | undefined {
    const hasLatency = (this.kind === 'failed' || this.kind === 'established') && this.#opening?.isAttempt === true;
    if (!hasLatency || this.#opening === undefined) return undefined;
    return Math.max(0, Math.round((this.#ns - this.#opening.openedNs) / 1000));
  }
  get outcome(): Outcome | undefined {
    return this.#ending.outcome;
  }
  get errno(): number | undefined {
    return this.#ending.errno;
  }
  get closedBy(): 'local' | 'peer' | undefined {
    return this.#ending.closedBy;
  }

  override get role(): 'client' | 'server' | undefined {
    this.#role ??= this.#opening === undefined ? super.role : this.#opening.isAttempt ? 'client' : 'server';
    return this.#role;
  }

  get remembered(): Remembered | undefined {
    if (this.#remembered === 'unknown') {
      this.#remembered = this.namespace.rememberedOf(this.socket);
      this.socket.inode = this.#remembered?.inode ?? 0;
    }
    return this.#remembered;
  }

  /** How it ended; computed when it is asked for, because most events are only counted. */
  get #ending(): End {
    const { kind, socket } = this;
    if (kind !== 'failed' && kind !== 'closed') return NOT_ENDED;
    const { oldState, error } = socket;
    const isFailure = kind === 'failed';
    this.#end ??= endOf(oldState, error, isFailure, isFailure ? socket.localPort !== 0 : socket.isHeld);
    return this.#end;
  }
}

/** How a connection ended. */
interface End {
  outcome: Outcome | undefined;
  errno: number | undefined;
  closedBy: 'local' | 'peer' | undefined;
}
const NOT_ENDED: End = { outcome: undefined, errno: undefined, closedBy: undefined };

/** By all that tells how connections ended: one object for thousands a second. */
const ends = new Map<number, End>();

/**
 * @param state that the socket left @param error `sk_err`
 * @param isFailure whether it was never established
 * @param has then whether it had a port, otherwise whether a process had it
 */
function endOf(state: number, error: number, isFailure: boolean, has: boolean): End {
  const key = error * 64 + state * 4 + (isFailure ? 2 : 0) + (has ? 1 : 0);
  let end = ends.get(key);
  if (end === undefined) {
    end = isFailure ? failure(state, error, has) : closure(state, error, has);
    ends.set(key, end);
  }
  return end;
}

function failure(state: number, error: number, hasPort: boolean): End {
  // Where no port was free the kernel gives up before it has one, and tells only the caller.
  const errno = error === 0 ? (hasPort ? undefined : NO_PORT) : error;
  return { errno, closedBy: sideOf(state), outcome: failureOf(errno) };
}

function closure(state: number, error: number, isHeld: boolean): End {
  const closedBy = sideOf(state);
  if (error === 0) {
    const isAbort = state === TCP_STATE.ESTABLISHED || state === TCP_STATE.CLOSE_WAIT;
    const outcome = isAbort ? (isHeld ? 'aborted' : 'never-accepted') : 'closed';
    return { errno: undefined, closedBy: state === TCP_STATE.ESTABLISHED ? 'local' : closedBy, outcome };
  }
  if (RESET.has(error)) return { errno: error, closedBy: closedBy ?? 'peer', outcome: 'reset' };
  return { errno: error, closedBy, outcome: error === ABORTED ? 'aborted' : 'timed-out' };
}

/** Which side closed first, by the state that the socket left; undefined where that does not tell. */
function sideOf(state: number): 'local' | 'peer' | undefined {
  return CLOSED_HERE.has(state) ? 'local' : CLOSED_THERE.has(state) ? 'peer' : undefined;
}

/** Outcome of an attempt; one that its process gave up has no error. */
function failureOf(error: number | undefined): Outcome {
  if (error === REFUSED) return 'refused';
  return error === undefined || error === TIMED_OUT ? 'no-answer' : 'failed';
}
