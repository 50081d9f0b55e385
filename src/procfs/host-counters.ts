import { PROC, readProcText } from './read.ts';

/**
 * The fields of `/proc/net/sockstat` that count the whole host in every namespace:
 *
 *     TCP: inuse 3 orphan 0 tw 2 alloc 10 mem 1
 *
 * @returns undefined when it cannot be read
 */
export function readHostSockstat(proc = PROC): { orphans: number; tcpMemPages: number } | undefined {
  const match = /^TCP:.* orphan (\d+) .*mem (\d+)/m.exec(readProcText(`${proc}/1/net/sockstat`) ?? '');
  return match === null ? undefined : { orphans: Number(match[1]), tcpMemPages: Number(match[2]) };
}

/**
 * The numbers of a file of `/proc/sys`, by its path there; undefined when it cannot be read. Not for settings of a
 * network namespace.
 */
export function readSysctlNumbers(name: string, proc = PROC): number[] | undefined {
  const text = readProcText(`${proc}/sys/${name}`);
  return text === undefined ? undefined : text.trim().split(/\s+/).map(Number);
}

/** Counters of the connection tracker, summed over the processors. */
export interface ConntrackCounters {
  entries: number;
  drop: number;
  earlyDrop: number;
  insertFailed: number;
}

/**
 * The connection tracker of a namespace from its folder, `/proc/PID/net`. A line of hexadecimal numbers
 * for each processor below a line of names; `entries` is the same in each.
 *
 * @returns undefined where connection tracking is not in use
 */
export function readConntrack(procNet: string): ConntrackCounters | undefined {
  const text = readProcText(`${procNet}/stat/nf_conntrack`);
  return text === undefined ? undefined : parseConntrack(text);
}

/** See {@link readConntrack}. */
export function parseConntrack(text: string): ConntrackCounters | undefined {
  const [header, ...lines] = text.trimEnd().split('\n');
  const names = header?.trim().split(/\s+/) ?? [];
  if (!names.includes('entries') || lines.length === 0) return undefined;
  const rows = lines.map((line) =>
    line
      .trim()
      .split(/\s+/)
      .map((word) => Number.parseInt(word, 16)),
  );
  const sum = (name: string) => rows.reduce((total, row) => total + (row[names.indexOf(name)] ?? 0), 0);
  return {
    entries: rows[0]?.[names.indexOf('entries')] ?? 0,
    drop: sum('drop'),
    earlyDrop: sum('early_drop'),
    insertFailed: sum('insert_failed'),
  };
}

/**
 * When the machine booted, in seconds since 1970: the line `btime` of `/proc/stat`, proc_stat(5).
 *
 * @returns undefined when it cannot be read
 */
export function readBootTime(proc = PROC): number | undefined {
  const text = readProcText(`${proc}/stat`);
  const match = text === undefined ? null : /^btime (\d+)$/m.exec(text);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
