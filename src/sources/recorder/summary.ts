import type { SocketRecord } from '../../model/socket/socket-record.ts';
import { WITHOUT } from '../live/netns-sampler.ts';

/** States that looks leave out where nobody looks, as a mask. */
export const SUMMARY_WITHOUT = WITHOUT;

/**
 * What looks have where nobody looks closely, of a whole look: TCP without those in {@link SUMMARY_WITHOUT},
 * and without what the kernel tells of each connection. So the first look of a recording is like the next,
 * and what did not change is not written twice.
 */
export function summaryOf(records: readonly SocketRecord[]): SocketRecord[] {
  return records.flatMap((record) => {
    if (record.proto !== 'tcp' || (SUMMARY_WITHOUT & (1 << record.state)) !== 0) return [];
    const { info, drops, receiveBufferBytes, ...rest } = record;
    void [info, drops, receiveBufferBytes];
    return [rest];
  });
}
