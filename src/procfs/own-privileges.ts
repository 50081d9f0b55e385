import fs from 'node:fs';
import { PROC, readProcText } from './read.ts';

/** Bits of the capabilities that are used here, include/uapi/linux/capability.h. */
const CAPABILITY_BITS = {
  CAP_DAC_OVERRIDE: 1n,
  CAP_DAC_READ_SEARCH: 2n,
  CAP_NET_ADMIN: 12n,
  CAP_SYS_PTRACE: 19n,
  CAP_SYS_ADMIN: 21n,
  CAP_SYS_RESOURCE: 24n,
  CAP_PERFMON: 38n,
  CAP_BPF: 39n,
} as const;

/** Name of a capability, capabilities(7). */
export type Capability = keyof typeof CAPABILITY_BITS;

/** What this process may do. */
export interface OwnPrivileges {
  /** Effective user id in its user namespace. */
  effectiveUid: number;
  /** Its effective capabilities, of those that are named here. */
  capabilities: ReadonlySet<Capability>;
}

/** @returns undefined where `/proc/self/status` cannot be read */
export function readOwnPrivileges(proc = PROC): OwnPrivileges | undefined {
  const text = readProcText(`${proc}/self/status`);
  return text === undefined ? undefined : parsePrivileges(text);
}

/**
 * The lines of `/proc/PID/status`, proc_pid_status(5): real, effective, saved and file system uid; the capabilities in
 * hexadecimal.
 *
 *     Uid:	0	0	0	0
 *     CapEff:	000001ffffffffff
 */
export function parsePrivileges(text: string): OwnPrivileges | undefined {
  const uid = /^Uid:\t\d+\t(\d+)\t/m.exec(text)?.[1];
  const bits = capabilityBits(text, 'CapEff');
  if (uid === undefined || bits === undefined) return undefined;
  const capabilities = new Set<Capability>();
  for (const [name, bit] of Object.entries(CAPABILITY_BITS)) {
    if (((bits >> bit) & 1n) === 1n) capabilities.add(name as Capability);
  }
  return { effectiveUid: Number(uid), capabilities };
}

/**
 * Whether a process has a permitted capability that this process lacks: the kernel may then refuse to show it,
 * ptrace(2). False where either cannot be read.
 */
export function hasMoreCapabilities(pid: number, proc = PROC): boolean {
  const own = capabilityBits(readProcText(`${proc}/self/status`), 'CapEff');
  const theirs = capabilityBits(readProcText(`${proc}/${pid}/status`), 'CapPrm');
  return own !== undefined && theirs !== undefined && (theirs & ~own) !== 0n;
}

function capabilityBits(status: string | undefined, set: 'CapEff' | 'CapPrm'): bigint | undefined {
  const bits = new RegExp(`^${set}:\\t([0-9a-f]+)$`, 'm').exec(status ?? '')?.[1];
  return bits === undefined ? undefined : BigInt(`0x${bits}`);
}

/** Inode of the first user namespace, `PROC_USER_INIT_INO` of include/linux/proc_ns.h. */
const FIRST_USER_NAMESPACE = 0xef_ff_ff_fd;

/** Inode of the first PID namespace, `PROC_PID_INIT_INO` of include/linux/proc_ns.h. */
const FIRST_PID_NAMESPACE = 0xef_ff_ff_fc;

/**
 * Whether this process is in the machine's first PID namespace, pid_namespaces(7): in another one, such as that of a
 * container, `/proc` shows the processes of that namespace alone. False where it is not known.
 */
export function inFirstPidNamespace(proc: string): boolean {
  try {
    return fs.readlinkSync(`${proc}/self/ns/pid`) === `pid:[${FIRST_PID_NAMESPACE}]`;
  } catch {
    return false;
  }
}

/** The text of `/proc/self/ns/user` in the machine's first user namespace, user_namespaces(7). */
export const FIRST_USER_NAMESPACE_LINK = `user:[${FIRST_USER_NAMESPACE}]`;
