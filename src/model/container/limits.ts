/** A soft and a hard limit; `Infinity` for `unlimited`. */
export interface Limit {
  /** What the kernel enforces now. */
  soft: number;
  /** Up to where the process may raise its soft limit. */
  hard: number;
}

/** Names and unit of a resource limit. */
export interface LimitKind {
  /** Without `RLIMIT_`, lower case, as Engines and limits.conf(5) spell it. */
  name: string;
  /** Name in `ulimit -a`. */
  title: string;
  /** Option of the shell's `ulimit`. */
  flag: string;
  /** Unit; empty for a plain number. */
  unit: string;
  /** Name of the row in `/proc/PID/limits`, fs/proc/base.c (lnames). */
  row: string;
}

/** Every resource limit of Linux, getrlimit(2), in the kernel's order. `pipe size` of `ulimit -a` is a constant, not a limit. */
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

/** The limits of a process by name; absent where the kernel does not know one. */
export type LimitsByName = Readonly<Record<string, Limit>>;

function kind(name: string, title: string, flag: string, unit: string, row: string): LimitKind {
  return Object.freeze({ name, title, flag, unit, row });
}

/** Converts a limit for reports and JSON: null for unlimited, because JSON has no infinity. */
export function finiteLimit(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Formats one limit: `1024`, or `unlimited` for null and `Infinity`. */
export function limitWord(value: number | null): string {
  return value === null || !Number.isFinite(value) ? 'unlimited' : String(value);
}

/** Formats soft and hard limit as `docker run --ulimit` takes them: `64:128`, `64:unlimited`. */
export function limitText({ soft, hard }: { soft: number | null; hard: number | null }): string {
  return `${limitWord(soft)}:${limitWord(hard)}`;
}

/**
 * The used fraction of a limit: 1 for all of it, more where the limit was lowered below the use. A limit of 0
 * allows nothing: always 1.
 *
 * @param limit null or `Infinity` for unlimited; undefined where it is not known
 * @returns undefined for an unlimited or unknown limit
 */
export function limitShare(used: number, limit: number | null | undefined): number | undefined {
  if (limit === null || limit === undefined || !Number.isFinite(limit)) return undefined;
  return limit === 0 ? 1 : used / limit;
}

/** As {@link limitShare}, in per cent and rounded down: 100 means that nothing is left. */
export function limitPercent(used: number, limit: number | null | undefined): number | undefined {
  if (limit === null || limit === undefined || !Number.isFinite(limit)) return undefined;
  return limit === 0 ? 100 : Math.floor((used * 100) / limit);
}

/** Whether soft and hard limit are equal. */
export function sameLimit(a: Limit, b: Limit): boolean {
  return a.soft === b.soft && a.hard === b.hard;
}
