import fs from 'node:fs';
import { insideNetns } from '../../kernel/namespace.ts';
import { isGoneOrDenied } from '../../procfs/read.ts';
import type { Machine } from '../machine.ts';
import { type NetnsHandle, openNetns } from '../target/netns-handle.ts';

/**
 * Reads a file of a place's `/proc/net` as bytes: `tcp`, `unix`, `raw6`.
 *
 * Where no process lives in the namespace the file is read from inside it, on this thread.
 *
 * @returns undefined when this kernel has no such table
 * @throws {Failure} when the namespace is gone
 * @throws {SystemCallError} when it may not be entered
 */
export function readNetFile(machine: Machine, handle: NetnsHandle, file: string): Buffer | undefined {
  if (handle.procNet !== undefined) return readIfThere(`${handle.procNet}/${file}`);
  const netnsFd = openNetns(machine, handle);
  try {
    return insideNetns(machine.systemCalls(), netnsFd, () => readIfThere(`${machine.proc}/thread-self/net/${file}`));
  } finally {
    fs.closeSync(netnsFd);
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return fs.readFileSync(path);
  } catch (error) {
    if (isGoneOrDenied(error)) return undefined;
    throw error;
  }
}
