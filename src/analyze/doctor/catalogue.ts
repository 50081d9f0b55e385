import type { Rule } from './rule.ts';
import { backendImbalance } from './rules/backend-imbalance.ts';
import { backlogClamped } from './rules/backlog-clamped.ts';
import { closeWaitLeak } from './rules/close-wait-leak.ts';
import { connChurn } from './rules/conn-churn.ts';
import { connectRefused } from './rules/connect-refused.ts';
import { conntrackFull } from './rules/conntrack-full.ts';
import { deadPeerRetransmit } from './rules/dead-peer-retransmit.ts';
import { dnsStorm } from './rules/dns-storm.ts';
import { dockerProxyHop } from './rules/docker-proxy-hop.ts';
import { embeddedDnsListener } from './rules/embedded-dns-listener.ts';
import { ephemeralExhaustion } from './rules/ephemeral-exhaustion.ts';
import { eventLoss } from './rules/event-loss.ts';
import { fdLeakByType } from './rules/fd-leak-by-type.ts';
import { finWaitStuck } from './rules/fin-wait-stuck.ts';
import { halfClosedHeld } from './rules/half-closed-held.ts';
import { halfOpenIdle } from './rules/half-open-idle.ts';
import { hostNetwork } from './rules/host-network.ts';
import { limitMismatch } from './rules/limit-mismatch.ts';
import { listenOverflow } from './rules/listen-overflow.ts';
import { loopbackListener } from './rules/loopback-listener.ts';
import { mptcpDuplicate } from './rules/mptcp-duplicate.ts';
import { nagleDelack } from './rules/nagle-delack.ts';
import { nofileAcceptStarved } from './rules/nofile-accept-starved.ts';
import { nofileNearLimit } from './rules/nofile-near-limit.ts';
import { opaqueRuntime } from './rules/opaque-runtime.ts';
import { orphans } from './rules/orphans.ts';
import { pidsLimit } from './rules/pids-limit.ts';
import { poolArithmetic } from './rules/pool-arithmetic.ts';
import { poolIdleCapOnly } from './rules/pool-idle-cap-only.ts';
import { poolIdleSurplus } from './rules/pool-idle-surplus.ts';
import { poolOverrun } from './rules/pool-overrun.ts';
import { refusedByServer } from './rules/refused-by-server.ts';
import { retransHigh } from './rules/retrans-high.ts';
import { reuseportImbalance } from './rules/reuseport-imbalance.ts';
import { sendQueueStuck } from './rules/send-queue-stuck.ts';
import { sharedNetns } from './rules/shared-netns.ts';
import { slowReader } from './rules/slow-reader.ts';
import { synRecvFlood } from './rules/syn-recv-flood.ts';
import { synSentStuck } from './rules/syn-sent-stuck.ts';
import { tcpMemPressure } from './rules/tcp-mem-pressure.ts';
import { timeWaitPileup } from './rules/time-wait-pileup.ts';
import { udpRcvbufDrops } from './rules/udp-rcvbuf-drops.ts';
import { unixBacklog } from './rules/unix-backlog.ts';
import { v4mappedMix } from './rules/v4mapped-mix.ts';
import { zeroWindowStuck } from './rules/zero-window-stuck.ts';
import { zombieSocketFds } from './rules/zombie-socket-fds.ts';

/** Every rule, in the order of the catalogue. */
export const RULES: readonly Rule[] = [
  // Descriptors and processes.
  ...[nofileNearLimit, nofileAcceptStarved, limitMismatch, fdLeakByType, zombieSocketFds, pidsLimit],
  // The client's side: pools, ports, connects.
  poolOverrun,
  poolIdleSurplus,
  poolIdleCapOnly,
  poolArithmetic,
  refusedByServer,
  connChurn,
  timeWaitPileup,
  ephemeralExhaustion,
  synSentStuck,
  connectRefused,
  loopbackListener,
  backendImbalance,
  halfOpenIdle,
  deadPeerRetransmit,
  dnsStorm,
  // The server's side.
  ...[listenOverflow, backlogClamped, synRecvFlood, closeWaitLeak, orphans, finWaitStuck, halfClosedHeld, unixBacklog],
  reuseportImbalance,
  // The data path.
  ...[retransHigh, zeroWindowStuck, slowReader, sendQueueStuck, udpRcvbufDrops, tcpMemPressure, conntrackFull],
  nagleDelack,
  // Facts that others build on.
  ...[hostNetwork, sharedNetns, dockerProxyHop, embeddedDnsListener, v4mappedMix, mptcpDuplicate, opaqueRuntime],
  eventLoss,
];
