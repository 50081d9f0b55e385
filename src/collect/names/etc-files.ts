import fs from 'node:fs';
import type { Machine } from '../machine.ts';

/** Text of a file of `/etc`; empty when it does not exist or cannot be read. */
export function readEtc(machine: Machine, file: string): string {
  try {
    return fs.readFileSync(`${machine.etc}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
