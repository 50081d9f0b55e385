import type { Sockstat } from '../model/netns/counters.ts';
import type { SocketSource, SocketView } from '../model/socket/socket-view.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { TIMER } from '../model/socket/timers.ts';

/** What a dump left out because `sockstat` has its count without a walk over a table. */
export interface LeftOut {
  /** Entries in TIME_WAIT. */
  timeWait: boolean;
  /** UDP, UDP-Lite and RAW sockets. */
  datagrams: boolean;
}

/**
 * Whether `tw` of sockstat counts a socket whose state is not TIME_WAIT: a FIN_WAIT2 socket that its process
 * closed is a TIME_WAIT entry (net/ipv4/tcp_minisocks.c, tcp_time_wait). False where the timer is unknown.
 */
export function isAbandoned({ timer, state }: SocketView): boolean {
  return timer === TIMER.TIME_WAIT && state !== TCP_STATE.TIME_WAIT;
}

/** How many sockets {@link isAbandoned} is true for. */
export function countAbandoned(sockets: SocketSource): number {
  let count = 0;
  sockets.each((socket) => {
    if (isAbandoned(socket)) count++;
  });
  return count;
}

/**
 * Counts of the sockets that a dump left out; 0 for what it did not leave out.
 *
 * @param abandoned number of sockets of the dump that `tw` of sockstat includes, see {@link isAbandoned}: they are
 *   counted in their own state already
 */
export function leftOutCounts(
  sockstat: Sockstat,
  leftOut: LeftOut,
  abandoned: number,
): { timeWait: number; udp: number; raw: number } {
  const { timeWait, udp, udp6, udplite, udplite6, raw, raw6 } = sockstat;
  return {
    // sockstat and the dump are read one after the other: `abandoned` can exceed `timeWait`.
    timeWait: leftOut.timeWait ? Math.max(0, timeWait - abandoned) : 0,
    udp: leftOut.datagrams ? udp + udp6 + udplite + udplite6 : 0,
    raw: leftOut.datagrams ? raw + raw6 : 0,
  };
}
