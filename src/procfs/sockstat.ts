import type { Sockstat } from '../model/netns/counters.ts';
import { readProcText } from './read.ts';

/**
 * Reads `sockstat` and `sockstat6` of a network namespace from `/proc/PID/net`.
 *
 * @param read reads a file; undefined for one that does not exist
 * @returns undefined when the directory does not exist; without IPv6 its numbers are 0
 */
export function readSockstat(procNet: string, read = readProcText): Sockstat | undefined {
  const text = read(`${procNet}/sockstat`);
  if (text === undefined) return undefined;
  return parseSockstat(text, read(`${procNet}/sockstat6`) ?? '');
}

/**
 *     TCP: inuse 3 orphan 0 tw 2 alloc 10 mem 1
 *     UDP: inuse 1 mem 0
 *
 * `orphan`, `alloc` and `mem` count the whole host and are not read here.
 */
export function parseSockstat(text: string, text6: string): Sockstat {
  return {
    tcp: field(text, 'TCP', 'inuse'),
    tcp6: field(text6, 'TCP6', 'inuse'),
    timeWait: field(text, 'TCP', 'tw'),
    udp: field(text, 'UDP', 'inuse'),
    udp6: field(text6, 'UDP6', 'inuse'),
    udplite: field(text, 'UDPLITE', 'inuse'),
    udplite6: field(text6, 'UDPLITE6', 'inuse'),
    raw: field(text, 'RAW', 'inuse'),
    raw6: field(text6, 'RAW6', 'inuse'),
  };
}

/** @returns 0 where there is no such row, or no such field in it */
function field(text: string, row: string, name: string): number {
  const at = text.startsWith(`${row}:`) ? 0 : text.indexOf(`\n${row}:`) + 1;
  if (at === 0 && !text.startsWith(`${row}:`)) return 0;
  const end = text.indexOf('\n', at);
  const label = ` ${name} `;
  const value = text.indexOf(label, at) + label.length;
  if (value < label.length + at || (end >= 0 && value > end)) return 0;
  const number = Number.parseInt(text.slice(value, value + 20), 10);
  return Number.isNaN(number) ? 0 : number;
}
