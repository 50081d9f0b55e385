import { numberAt, pickRows, type SocketColumns, valueAt } from '../../model/socket/socket-columns.ts';
import { WITHOUT } from '../live/netns-sampler.ts';

/** States that snapshots of background namespaces leave out, as a mask. */
export const SUMMARY_WITHOUT = WITHOUT;

/**
 * What snapshots of background namespaces have, from a full snapshot: TCP without the states of
 * {@link SUMMARY_WITHOUT}, and without what the kernel reports of each connection. So the first snapshot of a
 * recording is like the next, and what did not change is not written twice.
 */
export function summaryOf(sockets: SocketColumns): SocketColumns {
  const rows: number[] = [];
  for (let row = 0; row < sockets.cookie.length; row++) {
    const isLeftOut = (SUMMARY_WITHOUT & (1 << numberAt(sockets.state, row))) !== 0;
    if (valueAt(sockets.proto, row) === 'tcp' && !isLeftOut) rows.push(row);
  }
  return { ...pickRows(sockets, rows), info: {}, drops: undefined, receiveBufferBytes: undefined };
}
