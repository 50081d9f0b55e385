import type { Sockstat } from '../../model/netns/counters.ts';
import type { ProcessSample } from '../../model/sample/sample.ts';
import type { SocketView } from '../../model/socket/socket-view.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { CounterValues } from './counter-files.ts';

/**
 * Whether nothing of a socket can change without a packet or a change of the descriptors of its processes: nothing waits
 * to be read, sent or accepted. Counters tell nothing of other sockets than TCP and UDP.
 */
export function isSettled({ proto, state, receiveQueue, sendQueue }: SocketView): boolean {
  if ((proto !== 'tcp' && proto !== 'udp') || receiveQueue !== 0) return false;
  // A listener's is the limit of its queue.
  return sendQueue === 0 || state === TCP_STATE.LISTEN;
}

/** Whether no packet came or went between two readings of all counters, and no socket was added or removed. */
export function areSameCounters(before: CounterValues | undefined, after: CounterValues | undefined): boolean {
  // The same object as long as the files have the same text.
  if (before === undefined || after === undefined || before.counters !== after.counters) return false;
  return sameSockets(before.sockstat, after.sockstat);
}

/** The kernel's file also has the memory of the whole host. */
function sameSockets(before: Sockstat | undefined, after: Sockstat | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  return (['tcp', 'tcp6', 'udp', 'udp6', 'timeWait'] as const).every((name) => before[name] === after[name]);
}

/** Processes with what their descriptors were found to be before; undefined where there are others, or other descriptors. */
export function asBefore(
  processes: readonly ProcessSample[],
  before: readonly ProcessSample[],
): ProcessSample[] | undefined {
  if (processes.length !== before.length) return undefined;
  const same: ProcessSample[] = [];
  for (const [index, process] of processes.entries()) {
    const known = before[index];
    if (known?.pid !== process.pid || known.startTicks !== process.startTicks || known.used !== process.used)
      return undefined;
    same.push({ ...process, ...(known.kinds !== undefined && { kinds: known.kinds }) });
  }
  return same;
}
