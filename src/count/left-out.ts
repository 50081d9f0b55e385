import type { Sockstat } from '../model/netns/counters.ts';
import type { SocketSource, SocketView } from '../model/socket/socket-view.ts';
import { TCP_STATE } from '../model/socket/tcp-state.ts';
import { TIMER } from '../model/socket/timers.ts';

/** What a dump did not ask for because `sockstat` counts it without walking a table. */
export interface LeftOut {
  /** Entries in TIME_WAIT. */
  timeWait: boolean;
  /** UDP, UDP-Lite and RAW sockets. */
  datagrams: boolean;
}

/**
 * Whether the kernel counts a socket of another state as TIME_WAIT: a FIN_WAIT2 whose process closed
 * it is a TIME_WAIT entry too, and `tw` of sockstat has it (net/ipv4/tcp_minisocks.c, tcp_time_wait).
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
 * Counts of what a dump left out.
 *
 * @param abandoned sockets of the dump that sockstat's `tw` has as well, see {@link isAbandoned}:
 *   they are counted in their own state already
 */
export function leftOutCounts(
  sockstat: Sockstat,
  leftOut: LeftOut,
  abandoned: number,
): { timeWait: number; udp: number; raw: number } {
  const { timeWait, udp, udp6, udplite, udplite6, raw, raw6 } = sockstat;
  return {
    // The two are read one after the other, so that there may be more abandoned ones than entries.
    timeWait: leftOut.timeWait ? Math.max(0, timeWait - abandoned) : 0,
    udp: leftOut.datagrams ? udp + udp6 + udplite + udplite6 : 0,
    raw: leftOut.datagrams ? raw + raw6 : 0,
  };
}
