/** What looking at one process may take: CPU time, which does not depend on how busy the machine is, and bytes. */
export const PROCESS_CAPS = { ms: 20, bytes: 4 << 20 };

/** CPU time that looking at all processes of a run may take, milliseconds. */
export const RUN_MS = 500;

/** CPU time of this process so far, milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Adds up what was spent on one process, and says when that is enough. */
export class Meter {
  readonly #endMs: number;
  #bytesLeft: number;
  #isCut = false;
  readonly #clock: () => number;

  /** @param clock milliseconds */
  constructor({ ms, bytes }: { ms: number; bytes: number }, clock: () => number) {
    this.#clock = clock;
    this.#endMs = clock() + ms;
    this.#bytesLeft = bytes;
  }

  /** Whether anything was refused. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Whether so many bytes more may be read now; they count as read. */
  take(bytes: number): boolean {
    if (bytes > this.#bytesLeft || this.#clock() > this.#endMs) {
      this.#isCut = true;
      return false;
    }
    this.#bytesLeft -= bytes;
    return true;
  }
}
