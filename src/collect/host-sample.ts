import type { HostSample } from '../model/sample/sample.ts';
import { readConntrack, readHostSockstat, readSysctlNumbers } from '../procfs/host-counters.ts';
import type { Machine } from './machine.ts';

/**
 * Counters and limits that apply to the whole host, not to one network namespace; one that cannot be read is left
 * out.
 *
 * @param atMs time of the sample, milliseconds since the epoch
 */
export function readHostSample(machine: Machine, atMs: number): HostSample {
  const { proc } = machine;
  const sample: HostSample = { atMs };
  const sockstat = readHostSockstat(proc);
  if (sockstat !== undefined) Object.assign(sample, sockstat);
  const [low, pressure, high] = readSysctlNumbers('net/ipv4/tcp_mem', proc) ?? [];
  if (low !== undefined && pressure !== undefined && high !== undefined) sample.tcpMemLimits = [low, pressure, high];
  const [maxOrphans] = readSysctlNumbers('net/ipv4/tcp_max_orphans', proc) ?? [];
  if (maxOrphans !== undefined) sample.maxOrphans = maxOrphans;
  const [filesUsed, , filesMax] = readSysctlNumbers('fs/file-nr', proc) ?? [];
  if (filesUsed !== undefined && filesMax !== undefined) Object.assign(sample, { filesUsed, filesMax });
  const conntrack = readConntrack(`${proc}/1/net`);
  const [conntrackMax] = readSysctlNumbers('net/netfilter/nf_conntrack_max', proc) ?? [];
  if (conntrack !== undefined && conntrackMax !== undefined) {
    const { entries, drop, earlyDrop, insertFailed } = conntrack;
    Object.assign(sample, { conntrackCount: entries, conntrackMax, conntrackDrop: drop });
    Object.assign(sample, { conntrackEarlyDrop: earlyDrop, conntrackInsertFailed: insertFailed });
  }
  return sample;
}
