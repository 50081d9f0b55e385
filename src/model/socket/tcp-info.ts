/**
 * TCP information of the kernel: `struct tcp_info` of include/uapi/linux/tcp.h, with the unit at the end of
 * each field's name.
 *
 * A field is absent when the kernel's structure is shorter (older kernels), and when the kernel
 * has no sample yet (`minRttUs`).
 */
export interface TcpInfo {
  /** Congestion-avoidance state: 0 open, 1 disorder, 2 CWR, 3 recovery, 4 loss. */
  caState?: number;
  /** Retransmissions of the current backoff episode. */
  retransmits?: number;
  /** Unanswered keepalive or window probes. */
  probes?: number;
  /** Exponent of the current timer backoff. */
  backoff?: number;
  /** Bits: 1 timestamps, 2 SACK, 4 window scaling, 8 ECN, 16 ECN seen, 32 SYN data. */
  options?: number;
  /** Power of two that scales the windows that the peer advertises, for sending. */
  sendWindowScale?: number;
  /** Power of two that scales the windows that this side advertises, for receiving. */
  receiveWindowScale?: number;
  /** Whether the application limited the delivery rate. */
  deliveryRateAppLimited?: boolean;
  /** Retransmission timeout, microseconds. */
  rtoUs?: number;
  /** Delayed-acknowledgement timeout, microseconds. */
  atoUs?: number;
  sendMssBytes?: number;
  receiveMssBytes?: number;
  /** Segments in flight. LISTEN: connections waiting to be accepted. */
  unackedSegments?: number;
  /** Segments selectively acknowledged. LISTEN: the accept queue's limit. */
  sackedSegments?: number;
  lostSegments?: number;
  /** Retransmitted segments in flight. */
  retransSegments?: number;
  /** Milliseconds since data was last sent; since the connection was established where none was. */
  lastSentMs?: number;
  /** Milliseconds since data was last received; since the connection was established where none was. */
  lastReceivedMs?: number;
  /** Milliseconds since an acknowledgement was last received. */
  lastAckReceivedMs?: number;
  pathMtuBytes?: number;
  receiveSsthreshBytes?: number;
  /** Smoothed round-trip time, microseconds; 0 before the handshake is complete. */
  rttUs?: number;
  /** Mean deviation of the round-trip time, microseconds. */
  rttVarUs?: number;
  sendSsthreshSegments?: number;
  congestionWindowSegments?: number;
  advertisedMssBytes?: number;
  reorderingSegments?: number;
  /** Receiver-side round-trip estimate, microseconds. */
  receiveRttUs?: number;
  receiveSpaceBytes?: number;
  /** Retransmissions over the connection's life. */
  totalRetrans?: number;
  /** Absent when unlimited. */
  pacingRateBytesPerSecond?: number;
  /** Absent when unlimited. */
  maxPacingRateBytesPerSecond?: number;
  /** Counts the SYN and, once acknowledged, the FIN as a byte each. */
  bytesAcked?: number;
  /** Counts the peer's FIN as a byte. */
  bytesReceived?: number;
  segmentsOut?: number;
  segmentsIn?: number;
  notSentBytes?: number;
  /** Smallest round-trip time seen, microseconds; absent without a sample. */
  minRttUs?: number;
  dataSegmentsIn?: number;
  dataSegmentsOut?: number;
  deliveryRateBytesPerSecond?: number;
  /** Microseconds with data outstanding. */
  busyTimeUs?: number;
  /** Microseconds limited by the peer's window. */
  receiveWindowLimitedUs?: number;
  /** Microseconds limited by the send buffer. */
  sendBufferLimitedUs?: number;
  deliveredSegments?: number;
  deliveredCeSegments?: number;
  /** Retransmissions included. */
  bytesSent?: number;
  bytesRetransmitted?: number;
  dsackDuplicates?: number;
  reorderingSeen?: number;
  outOfOrderPackets?: number;
  /** The peer's advertised window, bytes after scaling. */
  sendWindowBytes?: number;
  /** The window that this side advertises, bytes after scaling. */
  receiveWindowBytes?: number;
  rehashes?: number;
  totalRto?: number;
  totalRtoRecoveries?: number;
  /** Milliseconds spent in timeouts over the connection's life. */
  totalRtoTimeMs?: number;
}

/** The fields of {@link TcpInfo} that are numbers. */
export type TcpInfoNumber = {
  [K in keyof TcpInfo]-?: TcpInfo[K] extends number | undefined ? K : never;
}[keyof TcpInfo];
