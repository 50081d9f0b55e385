import fs from 'node:fs';
import { DiagError } from '../../kernel/diag-socket.ts';
import { readLinks } from '../../kernel/links.ts';
import { Failure } from '../../model/failure.ts';
import { parseIgmpDevices } from '../../procfs/igmp.ts';
import { whyNotEntered } from '../dump/cannot-enter.ts';
import { readNetFile } from '../dump/net-files.ts';
import type { Machine } from '../machine.ts';
import { type NetnsHandle, openNetns } from '../target/netns-handle.ts';

/**
 * The interfaces of a network namespace: their names by their indexes. Where it may not be entered, those that
 * `/proc/PID/net/igmp` has. Empty where it no longer exists.
 */
export function deviceNames(machine: Machine, handle: NetnsHandle): ReadonlyMap<number, string> {
  try {
    return new Map(linksOf(machine, handle).map(({ index, name }) => [index, name]));
  } catch (error) {
    if (error instanceof Failure && error.kind === 'no-target') return new Map();
    if (!(error instanceof Failure) && !(error instanceof DiagError) && whyNotEntered(machine, error) === undefined)
      throw error;
    return devicesInProc(machine, handle);
  }
}

function linksOf(machine: Machine, handle: NetnsHandle) {
  const netnsFd = handle.own ? undefined : openNetns(machine, handle);
  try {
    return readLinks(machine.systemCalls(), netnsFd);
  } finally {
    if (netnsFd !== undefined) fs.closeSync(netnsFd);
  }
}

function devicesInProc(machine: Machine, handle: NetnsHandle): ReadonlyMap<number, string> {
  try {
    return parseIgmpDevices(readNetFile(machine, handle, 'igmp')?.toString('latin1') ?? '');
  } catch (error) {
    if (error instanceof Failure) return new Map();
    throw error;
  }
}
