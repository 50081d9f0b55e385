import type { Rule } from './rule.ts';
import { backendImbalance } from './rules/client/backend-imbalance.ts';
import { connChurn } from './rules/client/conn-churn.ts';
import { connectRefused } from './rules/client/connect-refused.ts';
import { deadPeerRetransmit } from './rules/client/dead-peer-retransmit.ts';
import { dnsStorm } from './rules/client/dns-storm.ts';
import { dnsUnanswered } from './rules/client/dns-unanswered.ts';
import { ephemeralExhaustion } from './rules/client/ephemeral-exhaustion.ts';
import { halfOpenIdle } from './rules/client/half-open-idle.ts';
import { keepaliveMismatch } from './rules/client/keepalive-mismatch.ts';
import { leakRising } from './rules/client/leak-rising.ts';
import { loopbackListener } from './rules/client/loopback-listener.ts';
import { poolArithmetic } from './rules/client/pool-arithmetic.ts';
import { poolIdleCapOnly } from './rules/client/pool-idle-cap-only.ts';
import { poolIdleSurplus } from './rules/client/pool-idle-surplus.ts';
import { poolNeverCapped } from './rules/client/pool-never-capped.ts';
import { poolOverrun } from './rules/client/pool-overrun.ts';
import { refusedByServer } from './rules/client/refused-by-server.ts';
import { requestsUnanswered } from './rules/client/requests-unanswered.ts';
import { synSentStuck } from './rules/client/syn-sent-stuck.ts';
import { timeWaitPileup } from './rules/client/time-wait-pileup.ts';
import { fdLeakByType } from './rules/descriptors/fd-leak-by-type.ts';
import { limitMismatch } from './rules/descriptors/limit-mismatch.ts';
import { nofileAcceptStarved } from './rules/descriptors/nofile-accept-starved.ts';
import { nofileNearLimit } from './rules/descriptors/nofile-near-limit.ts';
import { pidsLimit } from './rules/descriptors/pids-limit.ts';
import { zombieSocketFds } from './rules/descriptors/zombie-socket-fds.ts';
import { dockerProxyHop } from './rules/facts/docker-proxy-hop.ts';
import { embeddedDnsListener } from './rules/facts/embedded-dns-listener.ts';
import { eventLoss } from './rules/facts/event-loss.ts';
import { hostNetwork } from './rules/facts/host-network.ts';
import { mptcpDuplicate } from './rules/facts/mptcp-duplicate.ts';
import { opaqueRuntime } from './rules/facts/opaque-runtime.ts';
import { sharedNetns } from './rules/facts/shared-netns.ts';
import { v4mappedMix } from './rules/facts/v4mapped-mix.ts';
import { conntrackFull } from './rules/path/conntrack-full.ts';
import { nagleDelack } from './rules/path/nagle-delack.ts';
import { pathMtu } from './rules/path/path-mtu.ts';
import { retransHigh } from './rules/path/retrans-high.ts';
import { sendQueueStuck } from './rules/path/send-queue-stuck.ts';
import { slowReader } from './rules/path/slow-reader.ts';
import { tcpMemPressure } from './rules/path/tcp-mem-pressure.ts';
import { udpRcvbufDrops } from './rules/path/udp-rcvbuf-drops.ts';
import { zeroWindowStuck } from './rules/path/zero-window-stuck.ts';
import { acceptStuck } from './rules/server/accept-stuck.ts';
import { backlogClamped } from './rules/server/backlog-clamped.ts';
import { closeWaitLeak } from './rules/server/close-wait-leak.ts';
import { connectionCap } from './rules/server/connection-cap.ts';
import { droppedAfterAccept } from './rules/server/dropped-after-accept.ts';
import { finWaitStuck } from './rules/server/fin-wait-stuck.ts';
import { halfClosedHeld } from './rules/server/half-closed-held.ts';
import { listenOverflow } from './rules/server/listen-overflow.ts';
import { orphans } from './rules/server/orphans.ts';
import { poolerStuck } from './rules/server/pooler-stuck.ts';
import { reuseportImbalance } from './rules/server/reuseport-imbalance.ts';
import { synRecvFlood } from './rules/server/syn-recv-flood.ts';
import { unixBacklog } from './rules/server/unix-backlog.ts';

/** Rules of one folder of `rules/`. */
export interface RuleGroup {
  /** Name of the folder. */
  name: string;
  /** What its rules are about, for a heading. */
  title: string;
  rules: readonly Rule[];
}

/** Every rule, in the order of the catalogue. */
export const RULE_GROUPS: readonly RuleGroup[] = [
  {
    name: 'descriptors',
    title: 'Descriptors and processes',
    rules: [nofileNearLimit, nofileAcceptStarved, limitMismatch, fdLeakByType, zombieSocketFds, pidsLimit],
  },
  {
    name: 'client',
    title: 'Client: pools, ports, connects',
    rules: [
      poolOverrun,
      poolIdleSurplus,
      leakRising,
      poolIdleCapOnly,
      poolNeverCapped,
      poolArithmetic,
      refusedByServer,
      connChurn,
      keepaliveMismatch,
      timeWaitPileup,
      ephemeralExhaustion,
      synSentStuck,
      connectRefused,
      loopbackListener,
      backendImbalance,
      halfOpenIdle,
      deadPeerRetransmit,
      requestsUnanswered,
      dnsStorm,
      dnsUnanswered,
    ],
  },
  {
    name: 'server',
    title: 'Server: listeners, queues, closing',
    rules: [
      acceptStuck,
      connectionCap,
      droppedAfterAccept,
      listenOverflow,
      backlogClamped,
      poolerStuck,
      synRecvFlood,
      closeWaitLeak,
      orphans,
      finWaitStuck,
      halfClosedHeld,
      unixBacklog,
      reuseportImbalance,
    ],
  },
  {
    name: 'path',
    title: 'Path: loss, windows, queues, memory',
    rules: [
      retransHigh,
      pathMtu,
      zeroWindowStuck,
      slowReader,
      sendQueueStuck,
      udpRcvbufDrops,
      tcpMemPressure,
      conntrackFull,
      nagleDelack,
    ],
  },
  {
    name: 'facts',
    title: 'Facts that other rules build on',
    rules: [
      hostNetwork,
      sharedNetns,
      dockerProxyHop,
      embeddedDnsListener,
      v4mappedMix,
      mptcpDuplicate,
      opaqueRuntime,
      eventLoss,
    ],
  },
];

/** Every rule, in the order of the catalogue. */
export const RULES: readonly Rule[] = RULE_GROUPS.flatMap(({ rules }) => rules);
