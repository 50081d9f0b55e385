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

/** `64:128`, `unlimited` where both are, as `docker run --ulimit` spells a limit. */
export function limitText({ soft, hard }: Limit): string {
  const word = (value: number) => (Number.isFinite(value) ? String(value) : 'unlimited');
  return `${word(soft)}:${word(hard)}`;
}

/** True when both halves are the same. */
export function sameLimit(a: Limit, b: Limit): boolean {
  return a.soft === b.soft && a.hard === b.hard;
}
