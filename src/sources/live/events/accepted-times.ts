import { BtfError } from '../../../bpf/kernel-types.ts';
import { ACCEPTED_RECORD, type AcceptedFields, acceptedProgram } from '../../../bpf/programs/accepted-connections.ts';
import { BpfError } from '../../../kernel/bpf/bpf-error.ts';
import type { SystemCalls } from '../../../kernel/system-calls.ts';
import { addressesOf } from './opened-ports.ts';
import { WatchedPrograms } from './watched-programs.ts';

/** What 18,000 accepted connections write. */
const RING_BYTES = 1024 * 1024;

/** When a connection was accepted, and by which process. */
export interface Accepted {
  /** CLOCK_MONOTONIC, nanoseconds. */
  atNs: number;
  pid: number;
  /** Of the process. */
  name: string;
}

/** The part of the program that is needed after it was loaded. */
type Programs = Pick<WatchedPrograms<AcceptedFields>, 'watch' | 'unwatch' | 'drain' | 'close'>;

/**
 * When connections were taken from accept queues. The records of the two ring buffers are read one after the other: a
 * connection that was accepted in between has its establishment in the next batch, and keeps its place until then.
 */
export class AcceptedTimes {
  readonly #programs: Programs;
  /** By the address of the socket; those of the last batch, and what is left of the one before. */
  #waiting = new Map<number, Accepted>();
  #older = new Map<number, Accepted>();

  constructor(programs: Programs) {
    this.#programs = programs;
  }

  /** Attaches the program; undefined where the kernel does not permit programs at its functions, or lacks something. */
  static open(calls: SystemCalls): AcceptedTimes | undefined {
    let programs: WatchedPrograms<AcceptedFields> | undefined;
    try {
      programs = new WatchedPrograms(calls, ACCEPTED_RECORD, RING_BYTES);
      programs.attach([acceptedProgram]);
      return new AcceptedTimes(programs);
    } catch (error) {
      programs?.close();
      if (!(error instanceof BpfError) && !(error instanceof BtfError)) throw error;
      return undefined;
    }
  }

  watch(inode: number): void {
    this.#programs.watch(inode);
  }

  unwatch(inode: number): void {
    this.#programs.unwatch(inode);
  }

  /** Reads what was accepted, after the changes of state were read that {@link take} is asked about. */
  read(): void {
    this.#older = this.#waiting;
    this.#waiting = new Map();
    const table = this.#programs.drain();
    const sockets = addressesOf(table.column('socket'), table.column('socketOther'));
    for (let row = 0; row < table.rows; row++) {
      const atNs = table.column('timeNs')[row] ?? 0;
      const pid = table.column('pid')[row] ?? 0;
      this.#waiting.set(sockets[row] ?? 0, { atNs, pid, name: table.text('name', row) });
    }
  }

  /**
   * When a connection was accepted; undefined where that is not known yet.
   *
   * @param socket its address
   * @param openedNs when it was established: an older socket had the same address
   */
  take(socket: number, openedNs: number): Accepted | undefined {
    for (const accepted of [this.#waiting, this.#older]) {
      const found = accepted.get(socket);
      if (found === undefined || found.atNs < openedNs) continue;
      accepted.delete(socket);
      return found;
    }
    return undefined;
  }

  /** The connections that were read and not taken. */
  sockets(): Iterable<number> {
    return [...this.#older.keys(), ...this.#waiting.keys()];
  }

  close(): void {
    this.#programs.close();
  }
}
