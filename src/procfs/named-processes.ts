import { listProgramPids } from './pids.ts';
import { PROC, readProcText } from './read.ts';

/** Age from which a name is remembered, milliseconds: a process that has just started may not be its program yet. */
const SETTLED_MS = 15_000;
/** Age at which a remembered name is read again, milliseconds: a PID can be reused. */
const READ_AGAIN_MS = 60_000;

interface Seen {
  name: string | undefined;
  firstSeenMs: number;
  readMs: number;
}

/** Finds processes by their command names. Repeated questions list the PIDs and read the names of new processes. */
export class NamedProcesses {
  readonly #proc: string;
  #seen = new Map<number, Seen>();

  constructor(proc = PROC) {
    this.#proc = proc;
  }

  /**
   * PIDs of the visible processes with some command names, ascending.
   *
   * @param names at most 15 bytes each, as `/proc/PID/comm` has them, proc_pid_comm(5)
   * @param nowMs of a clock that never goes back
   */
  find(names: ReadonlySet<string>, nowMs: number): Map<string, number[]> {
    const found = new Map<string, number[]>();
    const next = new Map<number, Seen>();
    for (const pid of listProgramPids(this.#proc)) {
      let seen = this.#seen.get(pid);
      if (seen === undefined || !isFresh(seen, nowMs)) {
        const name = readProcText(`${this.#proc}/${pid}/comm`)?.trimEnd();
        seen = { name, firstSeenMs: seen?.firstSeenMs ?? nowMs, readMs: nowMs };
      }
      next.set(pid, seen);
      const { name } = seen;
      if (name === undefined || !names.has(name)) continue;
      const pids = found.get(name);
      if (pids === undefined) found.set(name, [pid]);
      else pids.push(pid);
    }
    this.#seen = next;
    return found;
  }
}

function isFresh({ firstSeenMs, readMs }: Seen, nowMs: number): boolean {
  return readMs - firstSeenMs >= SETTLED_MS && nowMs - readMs < READ_AGAIN_MS;
}
