import { listProgramPids } from '../../procfs/pids.ts';
import type { Machine } from '../machine.ts';
import { netnsIdentifier, type ProcessEntry, processEntry } from './process-table.ts';

/**
 * Age from which an entry is cached, milliseconds: a process that has just started may not have entered its namespace
 * and cgroup yet.
 */
const SETTLED_MS = 15_000;
/**
 * Age at which a cached entry is read again, milliseconds: a process can change its namespace, and a PID can be reused.
 */
const READ_AGAIN_MS = 60_000;

interface CachedEntry {
  entry: ProcessEntry | undefined;
  firstSeenMs: number;
  readMs: number;
}

/** The process table for repeated reads, every few seconds: entries are cached, and most PIDs are only listed. */
export class CachedProcessTable {
  #entries = new Map<number, CachedEntry>();

  /** As `readProcessTable`. @param nowMs of a clock that only goes forward, milliseconds */
  read(machine: Machine, nowMs: number): ProcessEntry[] {
    const identify = netnsIdentifier(machine.proc);
    const entries: ProcessEntry[] = [];
    const next = new Map<number, CachedEntry>();
    for (const pid of listProgramPids(machine.proc)) {
      let cached = this.#entries.get(pid);
      if (cached === undefined || !isFresh(cached, nowMs)) {
        const firstSeenMs = cached?.firstSeenMs ?? nowMs;
        cached = { entry: processEntry(machine, pid, identify), firstSeenMs, readMs: nowMs };
      }
      next.set(pid, cached);
      if (cached.entry !== undefined) entries.push(cached.entry);
    }
    this.#entries = next;
    return entries;
  }
}

function isFresh({ firstSeenMs, readMs }: CachedEntry, nowMs: number): boolean {
  return readMs - firstSeenMs >= SETTLED_MS && nowMs - readMs < READ_AGAIN_MS;
}
