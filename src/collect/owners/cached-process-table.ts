import { listPids } from '../../procfs/pids.ts';
import type { Machine } from '../machine.ts';
import { netnsIdentifier, type ProcessEntry, processEntry } from './process-table.ts';

/** A process that has just started may still be on its way into its namespace and its cgroup. */
const SETTLED_MS = 15_000;
/** Any process may move, though hardly any does; and a PID comes back when all others were used. */
const READ_AGAIN_MS = 60_000;

interface Kept {
  entry: ProcessEntry | undefined;
  firstSeenMs: number;
  readMs: number;
}

/** The process table, for who reads it every few seconds: of most processes nothing but their being there is read. */
export class KeptProcessTable {
  #kept = new Map<number, Kept>();

  /** As `readProcessTable`. */
  read(machine: Machine, nowMs: number): ProcessEntry[] {
    const identify = netnsIdentifier(machine.proc);
    const entries: ProcessEntry[] = [];
    const next = new Map<number, Kept>();
    for (const pid of listPids(machine.proc)) {
      let kept = this.#kept.get(pid);
      if (kept === undefined || !isFresh(kept, nowMs)) {
        const firstSeenMs = kept?.firstSeenMs ?? nowMs;
        kept = { entry: processEntry(machine, pid, identify), firstSeenMs, readMs: nowMs };
      }
      next.set(pid, kept);
      if (kept.entry !== undefined) entries.push(kept.entry);
    }
    this.#kept = next;
    return entries;
  }
}

function isFresh({ firstSeenMs, readMs }: Kept, nowMs: number): boolean {
  return readMs - firstSeenMs >= SETTLED_MS && nowMs - readMs < READ_AGAIN_MS;
}
