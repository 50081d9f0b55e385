import fs from 'node:fs';
import type { Machine } from '../machine.ts';

/** Text of a file of `/etc`; empty where there is none or it may not be read: then it names nothing. */
export function readEtc(machine: Machine, file: string): string {
  try {
    return fs.readFileSync(`${machine.etc}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
