import fs from 'node:fs';
import { errnoOf } from '../../base/errno.ts';
import { insideNetns } from '../../kernel/namespace.ts';
import { Failure } from '../../model/failure.ts';
import type { Sockstat } from '../../model/netns/counters.ts';
import type { Target } from '../../model/netns/target.ts';
import type { ProcSocketView } from '../../model/socket/proc-socket-view.ts';
import { ProcInetTable } from '../../procfs/net-inet.ts';
import { parseNetProtocols } from '../../procfs/net-protocols.ts';
import { isDenied, isGone, readWhole } from '../../procfs/read.ts';
import { parseDefaultGateways } from '../../procfs/route.ts';
import { parseSockstat } from '../../procfs/sockstat.ts';
import type { Machine } from '../machine.ts';
import { TO_OPEN_NAMESPACE, whyDenied } from '../permissions.ts';
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
  return readNetFiles(machine, handle, [file])[0];
}

/** As {@link readNetFile}, of several files: the namespace is entered once. */
function readNetFiles(machine: Machine, handle: NetnsHandle, files: readonly string[]): (Buffer | undefined)[] {
  if (!isNamed(handle)) return readThrough(machine, handle, wayThroughProcess(machine, handle), files);
  let netnsFd: number | undefined;
  try {
    netnsFd = openNetns(machine, handle);
    const read = () =>
      files.map((file) => readTable(machine, handle.target, `${machine.proc}/thread-self/net/${file}`));
    return handle.own ? read() : insideNetns(machine.systemCalls(), netnsFd, read);
  } catch (error) {
    const why = whyNotEntered(machine, error);
    if (why === undefined) throw error;
    return readThrough(machine, handle, wayWithoutEntering(machine, handle, why.reason, error), files);
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
function readThrough(
  machine: Machine,
  handle: NetnsHandle,
  way: ProcessWay,
  files: readonly string[],
): (Buffer | undefined)[] {
  const fds: (number | undefined)[] = [];
  try {
    for (const file of files) fds.push(openTable(machine, handle.target, `${way.folder}/${file}`));
    verifyProcessWay(machine, handle, way);
    return fds.map((fd) => (fd === undefined ? undefined : readWhole(fd)));
  } finally {
    for (const fd of fds) if (fd !== undefined) fs.closeSync(fd);
  }
}

/** @returns undefined when the kernel has no such table */
function readTable(machine: Machine, target: Target, path: string): Buffer | undefined {
  const fd = openTable(machine, target, path);
  if (fd === undefined) return undefined;
  try {
    return readWhole(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** @returns undefined when there is no such file */
function openTable(machine: Machine, target: Target, path: string): number | undefined {
  try {
    return fs.openSync(path, 'r');
  } catch (error) {
    // EINVAL: the process is a zombie, which has left its namespace.
    if (isGone(error) || errnoOf(error) === 'EINVAL') return undefined;
    if (!isDenied(error)) throw error;
    throw new Failure(
      'not-permitted',
      `${target.name}: reading ${path} is not permitted: ${whyDenied(machine, TO_OPEN_NAMESPACE)}`,
      {
        cause: error,
      },
    );
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

/** Numbers of the sockets of a network namespace by the kernel's counters. */
export interface CountedByKernel {
  sockstat: Sockstat;
  /** See `parseNetProtocols`. */
  protocols: ReadonlyMap<string, number>;
}

/**
 * Numbers of the sockets of a network namespace by the kernel's counters, `/proc/net/sockstat` and `protocols`: cheap,
 * because no table is walked.
 *
 * @returns undefined when the namespace no longer exists or may not be read
 */
export function countedByKernel(machine: Machine, handle: NetnsHandle): CountedByKernel | undefined {
  const [sockstat, text] = textsIfReadable(machine, handle, ['sockstat', 'protocols']);
  if (sockstat === undefined || text === undefined) return undefined;
  const protocols = parseNetProtocols(text);
  const used = (name: string) => protocols.get(name) ?? 0;
  // The same counters as those of sockstat6 (net/ipv6/proc.c), one file less.
  const inet6 = { tcp6: used('TCPv6'), udp6: used('UDPv6'), udplite6: used('UDPLITEv6'), raw6: used('RAWv6') };
  return { sockstat: { ...parseSockstat(sockstat, ''), ...inet6 }, protocols };
}

/** As {@link countedByKernel}, of the internet protocols alone: half as expensive. */
export function sockstatOf(machine: Machine, handle: NetnsHandle): Sockstat | undefined {
  const [sockstat, sockstat6] = textsIfReadable(machine, handle, ['sockstat', 'sockstat6']);
  return sockstat === undefined ? undefined : parseSockstat(sockstat, sockstat6 ?? '');
}

/** IPv4 addresses of a namespace's default gateways; empty when there is none, or it may not be read. */
export function defaultGateways(machine: Machine, handle: NetnsHandle): string[] {
  const [text] = textsIfReadable(machine, handle, ['route']);
  return text === undefined ? [] : parseDefaultGateways(text);
}

/** As {@link readNetFiles}, as text; none for a target that stopped, and one that may not be read. */
function textsIfReadable(machine: Machine, handle: NetnsHandle, files: readonly string[]): (string | undefined)[] {
  try {
    return readNetFiles(machine, handle, files).map((bytes) => bytes?.toString('latin1'));
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}
