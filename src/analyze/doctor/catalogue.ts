import type { Rule } from './rule.ts';
import { backlogClamped } from './rules/backlog-clamped.ts';
import { closeWaitLeak } from './rules/close-wait-leak.ts';
import { dockerProxyHop } from './rules/docker-proxy-hop.ts';
import { embeddedDnsListener } from './rules/embedded-dns-listener.ts';
import { eventLoss } from './rules/event-loss.ts';
import { finWaitStuck } from './rules/fin-wait-stuck.ts';
import { halfClosedHeld } from './rules/half-closed-held.ts';
import { hostNetwork } from './rules/host-network.ts';
import { listenOverflow } from './rules/listen-overflow.ts';
import { mptcpDuplicate } from './rules/mptcp-duplicate.ts';
import { opaqueRuntime } from './rules/opaque-runtime.ts';
import { orphans } from './rules/orphans.ts';
import { reuseportImbalance } from './rules/reuseport-imbalance.ts';
import { sharedNetns } from './rules/shared-netns.ts';
import { synRecvFlood } from './rules/syn-recv-flood.ts';
import { unixBacklog } from './rules/unix-backlog.ts';
import { v4mappedMix } from './rules/v4mapped-mix.ts';

/** Every rule, in the order of the catalogue. */
export const RULES: readonly Rule[] = [
  // The server's side.
  ...[listenOverflow, backlogClamped, synRecvFlood, closeWaitLeak, orphans, finWaitStuck, halfClosedHeld, unixBacklog],
  reuseportImbalance,
  // Facts that others build on.
  ...[hostNetwork, sharedNetns, dockerProxyHop, embeddedDnsListener, v4mappedMix, mptcpDuplicate, opaqueRuntime],
  eventLoss,
];
