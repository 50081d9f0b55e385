import fs from 'node:fs';
import { Failure } from '../../model/failure.ts';
import type { Target } from '../../model/netns/target.ts';
import { readNetns } from '../../procfs/namespaces.ts';
import { isDenied, isGone } from '../../procfs/read.ts';
import { readStat } from '../../procfs/stat.ts';
import type { Machine } from '../machine.ts';
import { netnsIdentifier } from '../owners/process-table.ts';
import type { NetnsHandle } from './netns-handle.ts';

/**
 * The place where a process lives.
 *
 * @throws {Failure} `no-target` when there is no such process
 */
export function handleOfProcess(machine: Machine, pid: number, as: Omit<Target, 'pid' | 'netns'>): NetnsHandle {
  const { proc } = machine;
  const stat = readStat(pid, proc);
  const netns = netnsIdentifier(proc)(pid);
  if (stat === undefined || netns === undefined) {
    throw new Failure('no-target', `${as.name}: there is no process ${pid} (or it has just ended)`);
  }
  return {
    target: { ...as, pid, netns },
    netnsFile: `${proc}/${pid}/ns/net`,
    procNet: `${proc}/${pid}/net`,
    own: netns === readNetns('self', proc),
    startTicks: stat.startTicks,
  };
}

/** The host's own namespace: that of PID 1. */
export function handleOfHost(machine: Machine): NetnsHandle {
  return handleOfProcess(machine, 1, { name: 'host', runtime: 'host' });
}

/**
 * A namespace with a name of its own, or by the path of a file that is one.
 *
 * @param name a name of `ip netns`, or an absolute path
 * @param processIn finds a process that lives in a namespace; undefined for none
 * @throws {Failure} `no-target` when there is no such name or the file is no namespace
 */
export function handleOfNamed(
  machine: Machine,
  name: string,
  processIn: (netns: number) => number | undefined = () => undefined,
): NetnsHandle {
  const shown = `netns:${name}`;
  const file = name.startsWith('/') ? name : `${machine.namedNamespaces}/${name}`;
  const netns = namespaceInode(file, shown);
  const own = netns === readNetns('self', machine.proc);
  const pid = own ? process.pid : processIn(netns);
  const { proc } = machine;
  return {
    target: { name: shown, runtime: 'netns', ...(pid !== undefined && { pid }), netns },
    netnsFile: file,
    procNet: pid === undefined ? undefined : `${proc}/${pid}/net`,
    own,
  };
}

/** `NSFS_MAGIC` of include/uapi/linux/magic.h: what statfs(2) says of a namespace file. */
const NSFS_MAGIC = 0x6e736673;

function namespaceInode(file: string, shown: string): number {
  try {
    const isNamespace = fs.statfsSync(file).type === NSFS_MAGIC;
    if (isNamespace) return fs.statSync(file).ino;
  } catch (error) {
    if (isGone(error)) throw new Failure('no-target', `${shown}: there is no ${file}; \`ip netns\` lists the names`);
    if (isDenied(error)) throw new Failure('not-permitted', `${shown}: ${file} may not be read; run as root`);
    throw error;
  }
  throw new Failure('no-target', `${shown}: ${file} is not a namespace`);
}

/** Names of `ip netns`, and the namespaces behind them; entries that are none are left out. */
export function namedNamespaces(machine: Machine): { name: string; netns: number }[] {
  let names: string[];
  try {
    names = fs.readdirSync(machine.namedNamespaces);
  } catch (error) {
    if (isGone(error) || isDenied(error)) return [];
    throw error;
  }
  const found: { name: string; netns: number }[] = [];
  for (const name of names.sort()) {
    try {
      found.push({ name, netns: namespaceInode(`${machine.namedNamespaces}/${name}`, name) });
    } catch (error) {
      // A name whose namespace was never mounted, or is being deleted.
      if (!(error instanceof Failure)) throw error;
    }
  }
  return found;
}
