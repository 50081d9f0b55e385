import type { Rule } from './rule.ts';
import { closeWaitLeak } from './rules/close-wait-leak.ts';
import { conntrackFull } from './rules/conntrack-full.ts';
import { fdLeakByType } from './rules/fd-leak-by-type.ts';
import { limitMismatch } from './rules/limit-mismatch.ts';
import { nagleDelack } from './rules/nagle-delack.ts';
import { nofileAcceptStarved } from './rules/nofile-accept-starved.ts';
import { nofileNearLimit } from './rules/nofile-near-limit.ts';
import { pidsLimit } from './rules/pids-limit.ts';
import { retransHigh } from './rules/retrans-high.ts';
import { sendQueueStuck } from './rules/send-queue-stuck.ts';
import { slowReader } from './rules/slow-reader.ts';
import { tcpMemPressure } from './rules/tcp-mem-pressure.ts';
import { udpRcvbufDrops } from './rules/udp-rcvbuf-drops.ts';
import { zeroWindowStuck } from './rules/zero-window-stuck.ts';
import { zombieSocketFds } from './rules/zombie-socket-fds.ts';

/** Every rule, in the order of the catalogue. */
export const RULES: readonly Rule[] = [
  // Descriptors and processes.
  nofileNearLimit,
  nofileAcceptStarved,
  limitMismatch,
  fdLeakByType,
  zombieSocketFds,
  pidsLimit,
  // Server side.
  closeWaitLeak,
  // Data path.
  retransHigh,
  zeroWindowStuck,
  slowReader,
  sendQueueStuck,
  udpRcvbufDrops,
  tcpMemPressure,
  conntrackFull,
  nagleDelack,
];
