import type { SocketView } from './socket-view.ts';

/** A row of `/proc/net/{tcp,udp,udplite,raw}`, with the columns that sock_diag does not have. */
export interface ProcSocketView extends SocketView {
  readonly timer: number;
  /** Time until the timer fires, in clock ticks: hundredths of a second. */
  readonly timerTicks: number;
  /** Retransmissions of the oldest segment, independent of the timer. */
  readonly procRetransmits: number;
  /** Column `timeout`: unanswered probes; 0 for a SYN_RECV row. */
  readonly timeout: number;
}

/** A row of `/proc/net/unix`, with the columns that sock_diag does not have. */
export interface ProcUnixView extends SocketView {
  readonly references: number;
  readonly protocol: number;
  /** `__SO_ACCEPTCON` (0x10000) for a listener. */
  readonly flags: number;
  /** `socket_state` of include/uapi/linux/net.h: 1 unconnected, 2 connecting, 3 connected, 4 disconnecting. */
  readonly socketState: number;
}
