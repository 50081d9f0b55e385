import fs from 'node:fs';
import { nearest } from '../../base/nearest.ts';
import { safeText } from '../../base/safe-text.ts';
import { Failure } from '../../model/failure.ts';
import type { Target } from '../../model/netns/target.ts';
import { isHidden } from '../../procfs/hidepid.ts';
import { processFolder } from '../../procfs/living-thread.ts';
import { readNetns } from '../../procfs/namespaces.ts';
import { type NetnsMount, parseNetnsMounts } from '../../procfs/netns-mounts.ts';
import { isDenied, isGone } from '../../procfs/read.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';
import { netnsIdentifier } from '../owners/process-table.ts';
import { whyDenied } from '../permissions.ts';
import type { NetnsHandle } from './netns-handle.ts';

/**
 * The handle of a process's network namespace.
 *
 * @param as name, runtime and id of the target
 * @throws {Failure} `no-target` when there is no such process, `not-permitted` when `/proc` hides it
 */
export function handleOfProcess(machine: Machine, pid: number, as: Omit<Target, 'pid' | 'netns'>): NetnsHandle {
  const { proc } = machine;
  const stat = readStat(pid, proc);
  const netns = netnsIdentifier(proc)(pid);
  if (stat === undefined || netns === undefined) {
    throw notFound(machine, pid, as.name);
  }
  const folder = processFolder(pid, proc);
  return {
    target: { ...as, pid, netns },
    netnsFile: `${folder}/ns/net`,
    procNet: `${folder}/net`,
    own: netns === readNetns('self', proc),
    startTicks: stat.startTicks,
  };
}

/** The error for a process that `/proc` does not show. @param name of the target */
export function notFound(machine: Machine, pid: number, name: string): Failure {
  const { proc } = machine;
  if (!isHidden(pid, proc)) return new Failure('no-target', `${name}: no such process: ${pid} (or it has just exited)`);
  return new Failure(
    'not-permitted',
    `${name}: process ${pid} is hidden (${proc} is mounted with hidepid, and process ${pid} belongs to another user): ${whyDenied(machine, ['CAP_SYS_PTRACE'])}`,
  );
}

/** The host's own namespace: that of PID 1. */
export function handleOfHost(machine: Machine): NetnsHandle {
  return handleOfProcess(machine, 1, { name: 'host', runtime: 'host' });
}

/**
 * The handle of a named network namespace.
 *
 * @param name a name of `ip netns`, or the absolute path of a namespace file
 * @param processIn finds the PID of a process in a namespace; undefined for none
 * @throws {Failure} `no-target` when there is no such file or it is not a namespace, `not-permitted` when it cannot be
 *   read
 */
export function handleOfNamed(
  machine: Machine,
  name: string,
  processIn: (netns: number) => number | undefined = () => undefined,
): NetnsHandle {
  const shown = `netns:${name}`;
  const file = fileOf(machine.namedNamespaces, name);
  const netns = namespaceOf(machine, name, file, shown);
  return namedHandle(machine, { name, netns, own: netns === readNetns('self', machine.proc) }, processIn);
}

/** The handles of all {@link namedNamespaces}. @param processIn as of {@link handleOfNamed} */
export function handlesOfNamed(machine: Machine, processIn: (netns: number) => number | undefined): NetnsHandle[] {
  const self = readNetns('self', machine.proc);
  return namedNamespaces(machine).map((named) =>
    namedHandle(machine, { ...named, own: named.netns === self }, processIn),
  );
}

function namedHandle(
  { proc, namedNamespaces: folder }: Machine,
  { name, netns, own }: { name: string; netns: number; own: boolean },
  processIn: (netns: number) => number | undefined,
): NetnsHandle {
  const pid = own ? process.pid : processIn(netns);
  return {
    target: { name: `netns:${name}`, runtime: 'netns', ...(pid !== undefined && { pid }), netns },
    netnsFile: fileOf(folder, name),
    procNet: pid === undefined ? undefined : `${proc}/${pid}/net`,
    own,
  };
}

/** @param name a name of `ip netns`, or the absolute path of a namespace file */
function fileOf(folder: string, name: string): string {
  return name.startsWith('/') ? name : `${folder}/${name}`;
}

/** @throws {Failure} as {@link namespaceInode}, with the nearest name where there is none of this name */
function namespaceOf(machine: Machine, name: string, file: string, shown: string): number {
  try {
    return namespaceInode(machine, file, shown);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'no-target') throw error;
    const names = namedNamespaces(machine).map((namespace) => namespace.name);
    const meant = nearest(name, names);
    if (meant === undefined || meant === name) throw error;
    throw new Failure('no-target', `${error.message}; did you mean netns:${safeText(meant)}?`);
  }
}

/** `NSFS_MAGIC` of include/uapi/linux/magic.h: type of a namespace file in statfs(2). */
const NSFS_MAGIC = 0x6e736673;

function namespaceInode(machine: Machine, file: string, shown: string): number {
  try {
    const isNamespace = fs.statfsSync(file).type === NSFS_MAGIC;
    if (isNamespace) return fs.statSync(file).ino;
  } catch (error) {
    if (isGone(error)) throw new Failure('no-target', `${shown}: ${file} does not exist; \`ip netns\` lists the names`);
    if (isDenied(error))
      throw new Failure(
        'not-permitted',
        `${shown}: reading ${file} is not permitted: ${whyDenied(machine, ['CAP_DAC_READ_SEARCH'])}`,
      );
    throw error;
  }
  throw new Failure('no-target', `${shown}: ${file} is not a namespace`);
}

/**
 * The network namespaces that a file holds, with the inodes of each: those of `ip netns` by their names, then those of
 * other mounts (`/run/docker/netns/ingress_sbox`) by their paths. A namespace with several names occurs once. Entries
 * that are not namespaces are left out.
 */
export function namedNamespaces(machine: Machine): { name: string; netns: number }[] {
  const found = new Map<number, string>();
  for (const name of namesOfIp(machine)) {
    const netns = inodeIfNamespace(machine, `${machine.namedNamespaces}/${name}`, name);
    if (netns !== undefined) found.set(netns, name);
  }
  for (const { file, netns } of mountedNamespaces(machine)) {
    // A mount may be hidden by another one over it.
    if (!found.has(netns) && inodeIfNamespace(machine, file, file) === netns) found.set(netns, file);
  }
  return [...found].map(([netns, name]) => ({ name, netns }));
}

function namesOfIp(machine: Machine): string[] {
  try {
    return fs.readdirSync(machine.namedNamespaces).sort();
  } catch (error) {
    if (isGone(error) || isDenied(error)) return [];
    throw error;
  }
}

function mountedNamespaces({ proc }: Machine): NetnsMount[] {
  try {
    return parseNetnsMounts(fs.readFileSync(`${proc}/self/mountinfo`, 'utf8'));
  } catch (error) {
    if (isGone(error) || isDenied(error)) return [];
    throw error;
  }
}

/** @returns undefined where the file was never mounted, or is being deleted */
function inodeIfNamespace(machine: Machine, file: string, name: string): number | undefined {
  try {
    return namespaceInode(machine, file, name);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}
