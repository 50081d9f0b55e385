import type { ProcSocketView } from '../../model/socket/proc-socket-view.ts';

const TCP_TIMERS = ['off', 'on', 'keepalive', 'timewait', 'probe'] as const;
const OTHER_TIMERS = ['off', 'on1', 'on2'] as const;
/** Clock ticks a second: USER_HZ. */
const TICKS = 100;

/** The text of `-o`: `keepalive (7191.06/0/0)`, seconds, retransmissions, probes. */
export function timerText(socket: ProcSocketView, kind: 'tcp' | 'udp' | 'udplite' | 'raw'): string {
  const { timer, timerTicks, timeout } = socket;
  // The original leaves retransmissions out of rows that are no TCP.
  const retransmits = kind === 'tcp' ? socket.procRetransmits : 0;
  const name = (kind === 'tcp' ? TCP_TIMERS : OTHER_TIMERS)[timer] ?? `unkn-${timer}`;
  const seconds = timer === 0 ? '0.00' : (timerTicks / TICKS).toFixed(2);
  return `${name} (${seconds}/${retransmits}/${timeout})`;
}
