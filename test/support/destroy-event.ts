/** Destroy events as bytes of the kernel's structures. */
import type { Remembered } from '../../src/model/socket/connection-event.ts';
import { InetDiagCursor } from '../../src/netlink/inet-diag-cursor.ts';

export interface DestroyEventBytes {
  proto?: 'tcp' | 'udp';
  localPort?: number;
  peerPort?: number;
  /** Dotted quads as words; 127.0.0.1 where absent. */
  local?: number;
  peer?: number;
  receiveQueue?: number;
  cookie?: number;
  /** Always 0 in an event; a dump has it. */
  inode?: number;
  rttUs?: number;
  /** Absent: the kernel's "no sample". */
  minRttUs?: number;
  bytesReceived?: number;
  segmentsIn?: number;
  totalRetrans?: number;
  /** Bytes of `struct tcp_info`, which ends after `tcpi_min_rtt` where absent: older kernels have a shorter one. */
  infoBytes?: number;
}

const LOOPBACK = 0x7f000001;
const NO_SAMPLE = 0xffffffff;

/** A view over `struct inet_diag_msg` and `struct tcp_info` with these values; all else is 0. */
export function destroyEvent(values: DestroyEventBytes): InetDiagCursor {
  const bytes = new Uint8Array(72 + 4 + 152);
  const view = new DataView(bytes.buffer);
  const info = 76;
  // idiag_family, idiag_state
  bytes.set([2, 7], 0);
  view.setUint16(4, values.localPort ?? 40_000, false);
  view.setUint16(6, values.peerPort ?? 0, false);
  view.setUint32(8, values.local ?? LOOPBACK, false);
  view.setUint32(24, values.peer ?? LOOPBACK, false);
  view.setUint32(44, values.cookie ?? 1, true);
  view.setUint32(56, values.receiveQueue ?? 0, true);
  view.setUint32(68, values.inode ?? 0, true);
  // INET_DIAG_INFO
  const infoBytes = values.infoBytes ?? 152;
  view.setUint16(72, 4 + infoBytes, true);
  view.setUint16(74, 2, true);
  view.setUint32(info + 68, values.rttUs ?? 0, true);
  view.setUint32(info + 100, values.totalRetrans ?? 0, true);
  view.setUint32(info + 128, values.bytesReceived ?? 0, true);
  view.setUint32(info + 140, values.segmentsIn ?? 0, true);
  view.setUint32(info + 148, values.minRttUs ?? NO_SAMPLE, true);
  const cursor = new InetDiagCursor(values.proto ?? 'tcp');
  cursor.moveTo(view, 0, info + infoBytes);
  return cursor;
}

/** Facts that dumps had about a socket from 127.0.0.1:40000 to 127.0.0.1:3306. */
export function remembered(values: Partial<Remembered> = {}): Remembered {
  return {
    firstSeenMs: 1000,
    state: 1,
    inode: 4711,
    localPort: 40_000,
    peerPort: 3306,
    local: [LOOPBACK],
    peer: [LOOPBACK],
    ...values,
  };
}
