import fs from 'node:fs';
import { DiagError } from '../../kernel/diag-socket.ts';
import { readLinks } from '../../kernel/links.ts';
import { SystemCallError } from '../../kernel/system-calls.ts';
import { Failure } from '../../model/failure.ts';
import type { Machine } from '../machine.ts';
import { type NetnsHandle, openNetns } from '../target/netns-handle.ts';

/** The interfaces of a network namespace: their names by their indexes. Empty where it may not be entered, or no longer exists. */
export function deviceNames(machine: Machine, handle: NetnsHandle): ReadonlyMap<number, string> {
  try {
    const netnsFd = handle.own ? undefined : openNetns(machine, handle);
    try {
      return new Map(readLinks(machine.systemCalls(), netnsFd).map(({ index, name }) => [index, name]));
    } finally {
      if (netnsFd !== undefined) fs.closeSync(netnsFd);
    }
  } catch (error) {
    if (error instanceof Failure || error instanceof SystemCallError || error instanceof DiagError) return new Map();
    throw error;
  }
}
