import fs from 'node:fs';
import { PROC } from './read.ts';

/** PIDs of all visible processes, ascending: the numeric entries of `/proc`, proc(5). */
export function listPids(proc = PROC): number[] {
  const pids: number[] = [];
  for (const entry of fs.readdirSync(proc)) {
    const first = entry.charCodeAt(0);
    if (first >= 0x31 && first <= 0x39) pids.push(Number(entry));
  }
  return pids.sort((a, b) => a - b);
}
