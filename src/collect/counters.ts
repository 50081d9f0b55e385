import { readSockstat } from '../procfs/sockstat.ts';
import type { Place } from './place.ts';

/**
 * UDP and RAW sockets of a namespace from the kernel's own counters: no table is walked.
 *
 * @returns undefined where no process lives in the namespace, or it is gone
 */
export function countDatagramSockets(place: Place): { udp: number; raw: number } | undefined {
  const counters = place.procNet === undefined ? undefined : readSockstat(place.procNet);
  if (counters === undefined) return undefined;
  const { udp, udp6, udplite, udplite6, raw, raw6 } = counters;
  return { udp: udp + udp6 + udplite + udplite6, raw: raw + raw6 };
}
