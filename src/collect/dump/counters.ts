import type { Sockstat } from '../../model/netns/counters.ts';
import { readSockstat } from '../../procfs/sockstat.ts';
import type { NetnsHandle } from '../target/netns-handle.ts';

/**
 * Sockets of a namespace by the kernel's own counters: no table is walked.
 *
 * @returns undefined where no process lives in the namespace, or it is gone
 */
export function sockstatOf({ procNet }: NetnsHandle): Sockstat | undefined {
  return procNet === undefined ? undefined : readSockstat(procNet);
}
