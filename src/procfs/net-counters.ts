import { type NetCounters, WATCHED_COUNTERS } from '../model/netns/counters.ts';
import { readProcText } from './read.ts';

/**
 * The counters of a network namespace from `/proc/PID/net`: `snmp`, `netstat`, and of `snmp6` those of UDP
 * over IPv6, which are added to UDP's. Names are those of nstat(8).
 *
 * @param isFull also reads `netstat` and `snmp6`, which take longer; otherwise `snmp` alone
 * @param read reads a file; undefined for one that does not exist
 * @returns undefined when the directory does not exist
 */
export function readNetCounters(procNet: string, isFull: boolean, read = readProcText): NetCounters | undefined {
  const snmp = read(`${procNet}/snmp`);
  if (snmp === undefined) return undefined;
  const counters: Record<string, number> = {};
  addTable(counters, snmp);
  if (isFull) {
    addTable(counters, read(`${procNet}/netstat`) ?? '');
    addUdp6(counters, read(`${procNet}/snmp6`) ?? '');
  }
  return counters;
}

/**
 * Adds the watched counters of a table to `counters`. A group has two lines, names and values; which there
 * are, and their order, differs between kernels:
 *
 *     Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens …
 *     Tcp: 1 200 120000 -1 14 3 …
 */
export function addTable(counters: Record<string, number>, text: string): void {
  let start = 0;
  while (start < text.length) {
    const middle = text.indexOf('\n', start);
    if (middle < 0) return;
    const end = text.indexOf('\n', middle + 1);
    const values = text.slice(middle + 1, end < 0 ? text.length : end);
    addGroup(counters, layoutOf(text.slice(start, middle)), values);
    if (end < 0) return;
    start = end + 1;
  }
}

/** The watched columns and their names; cached by header line. */
type Layout = readonly { column: number; name: string }[];

const layouts = new Map<string, Layout>();

function layoutOf(header: string): Layout {
  const known = layouts.get(header);
  if (known !== undefined) return known;
  const colon = header.indexOf(':');
  const prefix = header.slice(0, colon);
  const made = header
    .slice(colon + 2)
    .split(' ')
    .map((name, column) => ({ column, name: `${prefix}${name}` }))
    .filter(({ name }) => WATCHED_COUNTERS.has(name));
  layouts.set(header, made);
  return made;
}

function addGroup(counters: Record<string, number>, layout: Layout, line: string): void {
  if (layout.length === 0) return;
  let at = line.indexOf(' ') + 1;
  let column = 0;
  for (const wanted of layout) {
    for (; column < wanted.column; column++) {
      at = line.indexOf(' ', at) + 1;
      if (at === 0) return;
    }
    counters[wanted.name] = Number.parseInt(line.slice(at, at + 20), 10);
  }
}

/** `Udp6RcvbufErrors 3`: added to the counters of the same name without the 6. */
function addUdp6(counters: Record<string, number>, text: string): void {
  for (const [, name, value] of text.matchAll(/^Udp6(\w+)\s+(\d+)$/gm)) {
    const key = `Udp${name}`;
    if (WATCHED_COUNTERS.has(key)) counters[key] = (counters[key] ?? 0) + Number(value);
  }
}
