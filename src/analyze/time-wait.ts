import type { SocketSource } from '../model/socket-view.ts';
import { TCP_STATE } from '../model/tcp-state.ts';
import { TIMER } from '../model/timers.ts';

/**
 * Sockets of a look without TIME_WAIT that `sockstat` counts under it all the same: a FIN_WAIT2 whose
 * process closed it is such an entry too (net/ipv4/tcp_minisocks.c, tcp_time_wait).
 */
export function entriesInOtherStates(sockets: SocketSource): number {
  let entries = 0;
  sockets.each(({ timer, state }) => {
    if (timer === TIMER.TIME_WAIT && state !== TCP_STATE.TIME_WAIT) entries++;
  });
  return entries;
}
