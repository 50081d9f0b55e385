import { ColumnRows, NO_ROW, withRoomFor } from '../../../base/column-rows.ts';
import type { Owner } from '../../../collect/owners/netns-owners.ts';

/** What is known of a connection from its earlier records. */
export interface Opening {
  /** When it was opened or, at a server, established: CLOCK_MONOTONIC, nanoseconds. */
  openedNs: number;
  /** 0 where the kernel has not given it one. */
  cookie: number;
  /** The id of the cgroup of its socket; 0 where the kernel does not tell. */
  cgroup: number;
  /** Whether a process of this side opened it. */
  isAttempt: boolean;
  /** That process, and at a server the one that accepted it; undefined before, and where its PID means nothing here. */
  process: Owner | undefined;
  /** At a server, when it was accepted, CLOCK_MONOTONIC, nanoseconds; 0 before, and where the kernel does not tell. */
  acceptedNs: number;
}

/** The connections of a namespace that are open, as far as their opening was seen, by the address of the socket. */
export class Openings {
  readonly #rows = new ColumnRows();
  #openedNs = new Float64Array(0);
  #cookies = new Float64Array(0);
  #cgroups = new Float64Array(0);
  #acceptedNs = new Float64Array(0);
  #isAttempt = new Uint8Array(0);
  readonly #processes: (Owner | undefined)[] = [];

  /** Copies the one at an address into an object. @returns undefined where there is none */
  read(socket: number, into: Opening): Opening | undefined {
    const row = this.#rows.of(socket);
    return row === NO_ROW ? undefined : this.#copy(row, into);
  }

  /** Remembers one; it replaces another one at that address. */
  set(socket: number, { openedNs, cookie, cgroup, isAttempt, process, acceptedNs }: Opening): void {
    const row = this.#rows.add(socket);
    if (row >= this.#openedNs.length) this.#grow(row);
    this.#openedNs[row] = openedNs;
    this.#cookies[row] = cookie;
    this.#cgroups[row] = cgroup;
    this.#isAttempt[row] = isAttempt ? 1 : 0;
    this.#processes[row] = process;
    this.#acceptedNs[row] = acceptedNs;
  }

  /** As {@link read}, and deletes it. */
  take(socket: number, into: Opening): Opening | undefined {
    const row = this.#rows.delete(socket);
    if (row === NO_ROW) return undefined;
    this.#copy(row, into);
    this.#processes[row] = undefined;
    return into;
  }

  /** Visits each; the visited one may be deleted. @param into what it is copied into */
  each(into: Opening, visit: (socket: number, opening: Opening) => void): void {
    this.#rows.each((row, socket) => visit(socket, this.#copy(row, into)));
  }

  #copy(row: number, into: Opening): Opening {
    into.openedNs = this.#openedNs[row] ?? 0;
    into.cookie = this.#cookies[row] ?? 0;
    into.cgroup = this.#cgroups[row] ?? 0;
    into.isAttempt = this.#isAttempt[row] === 1;
    into.process = this.#processes[row];
    into.acceptedNs = this.#acceptedNs[row] ?? 0;
    return into;
  }

  #grow(row: number): void {
    this.#openedNs = withRoomFor(this.#openedNs, row);
    this.#cookies = withRoomFor(this.#cookies, row);
    this.#cgroups = withRoomFor(this.#cgroups, row);
    this.#acceptedNs = withRoomFor(this.#acceptedNs, row);
    this.#isAttempt = withRoomFor(this.#isAttempt, row);
  }
}

/** An object for {@link Openings.read}. */
export function noOpening(): Opening {
  return { openedNs: 0, cookie: 0, cgroup: 0, isAttempt: false, process: undefined, acceptedNs: 0 };
}
