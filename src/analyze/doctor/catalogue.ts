import type { Rule } from './rule.ts';
import { backendImbalance } from './rules/backend-imbalance.ts';
import { closeWaitLeak } from './rules/close-wait-leak.ts';
import { connChurn } from './rules/conn-churn.ts';
import { connectRefused } from './rules/connect-refused.ts';
import { deadPeerRetransmit } from './rules/dead-peer-retransmit.ts';
import { dnsStorm } from './rules/dns-storm.ts';
import { ephemeralExhaustion } from './rules/ephemeral-exhaustion.ts';
import { halfOpenIdle } from './rules/half-open-idle.ts';
import { loopbackListener } from './rules/loopback-listener.ts';
import { poolArithmetic } from './rules/pool-arithmetic.ts';
import { poolIdleCapOnly } from './rules/pool-idle-cap-only.ts';
import { poolIdleSurplus } from './rules/pool-idle-surplus.ts';
import { poolOverrun } from './rules/pool-overrun.ts';
import { refusedByServer } from './rules/refused-by-server.ts';
import { synSentStuck } from './rules/syn-sent-stuck.ts';
import { timeWaitPileup } from './rules/time-wait-pileup.ts';

/** Every rule, in the order of the catalogue. */
export const RULES: readonly Rule[] = [
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
  closeWaitLeak,
];
