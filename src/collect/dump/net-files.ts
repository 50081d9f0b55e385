import fs from 'node:fs';
import { errnoOf } from '../../base/errno.ts';
import { insideNetns } from '../../kernel/namespace.ts';
import { Failure } from '../../model/failure.ts';
import type { Sockstat } from '../../model/netns/counters.ts';
import type { Target } from '../../model/netns/target.ts';
import type { ProcSocketView } from '../../model/socket/proc-socket-view.ts';
import { ProcInetTable } from '../../procfs/net-inet.ts';
import { isDenied, isGone } from '../../procfs/read.ts';
import { parseDefaultGateways } from '../../procfs/route.ts';
import { parseSockstat } from '../../procfs/sockstat.ts';
import type { Machine } from '../machine.ts';
import { isNamed, type NetnsHandle, openNetns } from '../target/netns-handle.ts';
import { findProcessWay, type ProcessWay, verifyProcessWay, wayThroughProcess } from '../target/process-way.ts';
import { whyNotEntered } from './cannot-enter.ts';

/**
 * Reads a file of a network namespace's `/proc/net` as bytes: `tcp`, `unix`, `raw6`.
 *
 * A namespace that was found by a process is read through this process, and only while it is the same one. A named
 * namespace is entered for the read: the processes in it come and go. Where entering it is not possible, it is read
 * through a process that is in it now.
 *
 * @returns undefined when this kernel has no such table
 * @throws {Failure} `no-target` when the process stopped, or the namespace no longer exists or was replaced;
 *   `not-permitted` when reading is not permitted
 */
export function readNetFile(machine: Machine, handle: NetnsHandle, file: string): Buffer | undefined {
  if (!isNamed(handle)) return readThrough(machine, handle, wayThroughProcess(machine, handle), file);
  let netnsFd: number | undefined;
  try {
    netnsFd = openNetns(machine, handle);
    const path = `${machine.proc}/thread-self/net/${file}`;
    if (handle.own) return readTable(handle.target, path);
    return insideNetns(machine.systemCalls(), netnsFd, () => readTable(handle.target, path));
  } catch (error) {
    const why = whyNotEntered(machine, error);
    if (why === undefined) throw error;
    return readThrough(machine, handle, wayWithoutEntering(machine, handle, why.reason, error), file);
  } finally {
    if (netnsFd !== undefined) fs.closeSync(netnsFd);
  }
}

/**
 * The `/proc/PID/net` through which a namespace is read that cannot be entered.
 *
 * @param reason why it cannot be entered
 * @throws {Failure} `no-target` when the target stopped, `not-permitted` when no process is in the namespace
 */
export function folderWithoutEntering(machine: Machine, handle: NetnsHandle, reason: string, cause: unknown): string {
  return wayWithoutEntering(machine, handle, reason, cause).folder;
}

function wayWithoutEntering(machine: Machine, handle: NetnsHandle, reason: string, cause: unknown): ProcessWay {
  const way = isNamed(handle) ? findProcessWay(machine, handle) : wayThroughProcess(machine, handle);
  if (way !== undefined) return way;
  throw new Failure(
    'not-permitted',
    `${handle.target.name}: cannot enter its network namespace (${reason}), and no process in it provides /proc/PID/net`,
    { cause },
  );
}

/** An open file of `/proc/PID/net` belongs to one namespace: what is verified after opening holds for the contents. */
function readThrough(machine: Machine, handle: NetnsHandle, way: ProcessWay, file: string): Buffer | undefined {
  const path = `${way.folder}/${file}`;
  const fd = openTable(handle.target, path);
  try {
    verifyProcessWay(machine, handle, way);
    return fd === undefined ? undefined : fs.readFileSync(fd);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** @returns undefined when the kernel has no such table */
function readTable(target: Target, path: string): Buffer | undefined {
  const fd = openTable(target, path);
  if (fd === undefined) return undefined;
  try {
    return fs.readFileSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** @returns undefined when there is no such file */
function openTable(target: Target, path: string): number | undefined {
  try {
    return fs.openSync(path, 'r');
  } catch (error) {
    // EINVAL: the process is a zombie, which has left its namespace.
    if (isGone(error) || errnoOf(error) === 'EINVAL') return undefined;
    if (!isDenied(error)) throw error;
    throw new Failure('not-permitted', `${target.name}: reading ${path} is not permitted; run as root`, {
      cause: error,
    });
  }
}

/** Rows of a table of `/proc/net`. */
export interface ProcRows {
  each(visit: (socket: ProcSocketView) => void): void;
}

/**
 * A table of a network namespace's `/proc/net`.
 *
 * @returns undefined when this kernel has no such table
 * @throws as {@link readNetFile}
 */
export function readInetTable(
  machine: Machine,
  handle: NetnsHandle,
  proto: 'tcp' | 'udp' | 'udplite' | 'raw',
  family: 'inet' | 'inet6',
): ProcRows | undefined {
  const bytes = readNetFile(machine, handle, family === 'inet6' ? `${proto}6` : proto);
  return bytes === undefined ? undefined : new ProcInetTable(bytes, proto, family);
}

/**
 * Number of sockets of a network namespace by the kernel's counters, `/proc/net/sockstat`: cheap, because no table is
 * walked.
 *
 * @returns undefined when the namespace no longer exists or may not be read
 */
export function sockstatOf(machine: Machine, handle: NetnsHandle): Sockstat | undefined {
  const text = (file: string) => netTextIfReadable(machine, handle, file);
  const sockstat = text('sockstat');
  return sockstat === undefined ? undefined : parseSockstat(sockstat, text('sockstat6') ?? '');
}

/** IPv4 addresses of a namespace's default gateways; empty when there is none, or it may not be read. */
export function defaultGateways(machine: Machine, handle: NetnsHandle): string[] {
  const text = netTextIfReadable(machine, handle, 'route');
  return text === undefined ? [] : parseDefaultGateways(text);
}

/** As {@link readNetFile}; undefined for a target that stopped, and one that may not be read, too. */
function netTextIfReadable(machine: Machine, handle: NetnsHandle, file: string): string | undefined {
  try {
    return readNetFile(machine, handle, file)?.toString('latin1');
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
