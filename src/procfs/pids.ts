import fs from 'node:fs';
import { childrenOf } from './children.ts';
import { PROC } from './read.ts';
import { isKernelThread } from './stat.ts';

/** PIDs of all visible processes, ascending: the numeric entries of `/proc`, proc(5). */
export function listPids(proc = PROC): number[] {
  const pids: number[] = [];
  for (const entry of fs.readdirSync(proc)) {
    const first = entry.charCodeAt(0);
    if (first >= 0x31 && first <= 0x39) pids.push(Number(entry));
  }
  return pids.sort((a, b) => a - b);
}

/** The kernel's `kthreadd`, in the PID namespace of the host alone. */
const KTHREADD = 2;

/**
 * PIDs of the visible processes that may be in a container, or a program that runs containers, ascending: without the
 * children of `kthreadd`, which are the kernel's threads and the helpers that it starts on the host. On an idle host they
 * are most processes.
 */
export function listProgramPids(proc = PROC): number[] {
  const all = listPids(proc);
  if (!all.includes(KTHREADD) || !isKernelThread(KTHREADD, proc)) return all;
  const kernel = new Set(childrenOf(KTHREADD, proc)).add(KTHREADD);
  return all.filter((pid) => !kernel.has(pid));
}
