/** A soft and a hard limit; `Infinity` for `unlimited`. */
export interface Limit {
  /** What the kernel enforces now. */
  soft: number;
  /** How far the process may raise the soft limit by itself. */
  hard: number;
}

/** How a resource limit is called, and what it counts. */
export interface LimitKind {
  /** Without `RLIMIT_`, lower case, as Engines and limits.conf(5) spell it. */
  name: string;
  /** The words of `ulimit -a`. */
  title: string;
  /** The shell's `ulimit` flag. */
  flag: string;
  /** What is counted; empty for a bare number. */
  unit: string;
  /** How `/proc/PID/limits` calls the row, fs/proc/base.c (lnames). */
  row: string;
}

/** Every resource limit of Linux, getrlimit(2), in the kernel's order. `pipe size` of `ulimit -a` is a constant and none. */
export const LIMITS = [
  kind('cpu', 'cpu time', '-t', 'seconds', 'Max cpu time'),
  kind('fsize', 'file size', '-f', 'bytes', 'Max file size'),
  kind('data', 'data segment', '-d', 'bytes', 'Max data size'),
  kind('stack', 'stack size', '-s', 'bytes', 'Max stack size'),
  kind('core', 'core file size', '-c', 'bytes', 'Max core file size'),
  kind('rss', 'resident memory', '-m', 'bytes', 'Max resident set'),
  kind('nproc', 'processes', '-u', 'tasks', 'Max processes'),
  kind('nofile', 'open files', '-n', 'descriptors', 'Max open files'),
  kind('memlock', 'locked memory', '-l', 'bytes', 'Max locked memory'),
  kind('as', 'address space', '-v', 'bytes', 'Max address space'),
  kind('locks', 'file locks', '-x', 'locks', 'Max file locks'),
  kind('sigpending', 'pending signals', '-i', 'signals', 'Max pending signals'),
  kind('msgqueue', 'message queues', '-q', 'bytes', 'Max msgqueue size'),
  kind('nice', 'nice priority', '-e', '', 'Max nice priority'),
  kind('rtprio', 'real-time priority', '-r', '', 'Max realtime priority'),
  kind('rttime', 'real-time run', '-R', 'us', 'Max realtime timeout'),
] as const;

/** The limits of a process by their name; one that the kernel does not know is absent. */
export type LimitsByName = Readonly<Record<string, Limit>>;

function kind(name: string, title: string, flag: string, unit: string, row: string): LimitKind {
  return Object.freeze({ name, title, flag, unit, row });
}

/** A limit as reports and JSON have it: null for unlimited, because JSON has no infinity. */
export function finiteLimit(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** `1024`, or `unlimited` for null and Infinity. */
export function limitWord(value: number | null): string {
  return value === null || !Number.isFinite(value) ? 'unlimited' : String(value);
}

/** `64:128`, `64:unlimited`: soft and hard, as `docker run --ulimit` spells a limit. */
export function limitText({ soft, hard }: { soft: number | null; hard: number | null }): string {
  return `${limitWord(soft)}:${limitWord(hard)}`;
}

/**
 * How much of a limit is in use: 1 for all of it, more where the limit was lowered below the use. A limit of 0
 * allows nothing and is always used up: 1.
 *
 * @param limit null or Infinity for unlimited; undefined where it is not known
 * @returns undefined for unlimited and not known: nothing is used up
 */
export function limitShare(used: number, limit: number | null | undefined): number | undefined {
  if (limit === null || limit === undefined || !Number.isFinite(limit)) return undefined;
  return limit === 0 ? 1 : used / limit;
}

/** The same in per cent, rounded down, so that 100 means that nothing is left. */
export function limitPercent(used: number, limit: number | null | undefined): number | undefined {
  if (limit === null || limit === undefined || !Number.isFinite(limit)) return undefined;
  return limit === 0 ? 100 : Math.floor((used * 100) / limit);
}

/** True when both halves are the same. */
export function sameLimit(a: Limit, b: Limit): boolean {
  return a.soft === b.soft && a.hard === b.hard;
}
