import fs from 'node:fs';
import { insideNetns } from '../../kernel/namespace.ts';
import { isGoneOrDenied } from '../../procfs/read.ts';
import type { Machine } from '../machine.ts';
import { type NetnsHandle, openNetns } from '../target/netns-handle.ts';

/**
 * Settings of a namespace by their names of sysctl(8), `net.core.somaxconn`. `/proc/sys/net` shows those of
 * the namespace of the thread that reads it, so that it is entered. What cannot be read is left out.
 *
 * @throws {Failure} when the namespace is gone
 */
export function readSysctls(machine: Machine, handle: NetnsHandle, names: readonly string[]): Record<string, string> {
  const read = () => readAll(machine, names);
  if (handle.own) return read();
  const netnsFd = openNetns(machine, handle);
  try {
    return insideNetns(machine.systemCalls(), netnsFd, read);
  } finally {
    fs.closeSync(netnsFd);
  }
}

function readAll(machine: Machine, names: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of names) {
    try {
      values[name] = fs.readFileSync(`${machine.proc}/sys/${name.replaceAll('.', '/')}`, 'latin1').trim();
    } catch (error) {
      if (!isGoneOrDenied(error)) throw error;
    }
  }
  return values;
}
